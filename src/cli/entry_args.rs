//! Which entry comes into the network configuration: one that the plugin itself takes.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Map, Value};

use crate::cni::CniError;
use crate::cni::request::{Config, Object};
use crate::install::Entry;
use crate::policy::{Dns, Fault, NameServers, Scalars, object_from_yaml};

use super::error::CliError;
use super::policy_args::{from_file, text_of};

/// Keys that others say: install, the list around the entry, or the runtime.
const OF_OTHERS: [(&str, &str); 9] = [
    ("type", "is written by install"),
    ("name", "is the network's, which stands outside of the entry"),
    ("cniVersion", "is the network's, which stands outside of the entry"),
    ("cniVersions", "is the network's, which stands outside of the entry"),
    ("disableCheck", "is the network's, which stands outside of the entry"),
    ("disableGC", "is the network's, which stands outside of the entry"),
    ("loadOnlyInlinedPlugins", "is the network's, which stands outside of the entry"),
    ("prevResult", "is the runtime's, for each pod"),
    ("runtimeConfig", "is the runtime's, for each pod"),
];

/// Flags for the entry.
#[derive(Debug, Args)]
pub(super) struct EntryArgs {
    /// The policy of pods that name none: a file (YAML), or - for standard input. Its text comes
    /// into the network configuration.
    #[arg(long, value_name = "FILE|-")]
    policy: Option<String>,
    /// The plugin's configuration: a file (YAML or JSON), or - for standard input, with the keys
    /// policy, source, permit, excludeNamespaces, capabilities, daemonSocket, logLevel, logFile.
    #[arg(long, value_name = "FILE|-")]
    entry: Option<String>,
}

impl EntryArgs {
    /// Reads the files, and the entry as the plugin would.
    pub(super) fn load(&self) -> Result<Entry, CliError> {
        let mut keys = self.entry.as_deref().map(keys_of).transpose()?.unwrap_or_default();
        if let Some(path) = &self.policy {
            let policy = from_file(path)?.to_json();
            if keys.insert("policy".to_owned(), policy).is_some() {
                let reason = "is said twice: by --policy and in the file of --entry";
                return Err(CliError::Entry(vec![Fault::new("policy", None, reason)]));
            }
        }
        let faults = faults(&keys);
        if faults.is_empty() { Ok(Entry::with(keys)) } else { Err(CliError::Entry(faults)) }
    }
}

fn keys_of(path: &str) -> Result<Map<String, Value>, CliError> {
    let failed = |source| CliError::EntryFile { path: path.to_owned(), source };
    let text = text_of(path).map_err(failed)?;
    // JSON may be indented by tabs, which YAML does not take.
    let keys = match serde_json::from_str::<Map<String, Value>>(&text) {
        Ok(keys) => keys,
        Err(_) => {
            object_from_yaml(&text, scalars).map_err(|error| CliError::Entry(error.faults))?
        }
    };
    Ok(keys.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

fn scalars(key: &str) -> Scalars {
    match key {
        "policy" => Scalars::Policy,
        "capabilities" | "ipMasq" => Scalars::Switches,
        _ => Scalars::Strings,
    }
}

/// Why the plugin would refuse pods with this entry.
fn faults(keys: &Map<String, Value>) -> Vec<Fault> {
    let said = |(key, reason): &(&str, &str)| {
        keys.contains_key(*key).then(|| Fault::new(key, None, *reason))
    };
    let foreign: Vec<Fault> = OF_OTHERS.iter().filter_map(said).collect();
    if !foreign.is_empty() {
        return foreign;
    }
    let text = serde_json::to_vec(keys).unwrap_or_default();
    let object = match Object::read(&text) {
        Ok(object) => object,
        Err(reason) => return vec![Fault::new("the entry", None, reason)],
    };
    match Config::read(&object) {
        Ok(config) => no_name_servers(&config, &object).into_iter().collect(),
        Err(CniError::Config(error)) => error.faults,
        Err(error) => vec![Fault::new("the entry", None, error.to_string())],
    }
}

/// Where the pod's name servers are captured, somebody must say them.
fn no_name_servers(config: &Config, object: &Object) -> Option<Fault> {
    let declared: BTreeMap<String, bool> =
        object.value("capabilities").ok().flatten().unwrap_or_default();
    let are_told = !config.name_servers.is_empty() || declared.get("dns") == Some(&true);
    let are_needed = config.policy.dns == Dns::Listed(NameServers::ResolvConf);
    let reason = "captures the pods' name servers (resolvConf), which nobody tells the plugin: no \
        pod would start. List dns.servers in the policy, or set dns.capture to all; or, in \
        --entry, declare capabilities: {dns: true}";
    (are_needed && !are_told).then(|| Fault::new("policy.dns", None, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let keys = object_from_yaml(text, scalars).unwrap();
        faults(&keys).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_the_plugin_takes_is_taken() {
        let listed = "apiVersion: nftdivert/v1, dns: {capture: listed}";
        for text in [
            "",
            "{logLevel: off, logFile: /var/log/x, daemonSocket: /run/x, permit: [dns, outbound]}",
            "{source: istio, capabilities: {io.kubernetes.cri.pod-annotations: true}}",
            "excludeNamespaces: [kube-system, \"7\", true]",
            &format!("{{policy: {{{listed}}}, capabilities: {{dns: true}}}}"),
            &format!("{{policy: {{{listed}}}, dns: {{nameservers: [10.96.0.10]}}}}"),
        ] {
            assert_eq!(said(text), "", "{text}");
        }
    }

    #[test]
    fn what_would_start_no_pod_is_refused() {
        for (text, wanted) in [
            ("type: nftdivert", "type: is written by install"),
            ("runtimeConfig: {}", "runtimeConfig: is the runtime's"),
            ("sourec: istio", "sourec: is not a key; is source meant?"),
            ("source: istio", "capabilities: source istio takes"),
            ("logFile: x", "logFile: x: must be an absolute path"),
            ("policy: {ipv6: maybe}", "policy.ipv6"),
            ("policy: {apiVersion: nftdivert/v1, dns: {capture: listed}}", "policy.dns: captures"),
            (
                "{policy: {apiVersion: nftdivert/v1, dns: {capture: listed}}, \
                 capabilities: {dns: false}}",
                "policy.dns: captures",
            ),
            ("policy: {apiVersion: nftdivert/v1, proxy: {cgroup: /a/b}}", "policy.proxy.cgroup"),
        ] {
            let said = said(text);
            assert!(said.contains(wanted), "{text}: {said}");
        }
    }
}
