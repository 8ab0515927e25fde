//! What a runtime adds to a configuration, for capabilities that it declares.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use crate::policy::Fault;

use super::Object;

/// The pod's annotations, as containerd passes them.
pub(super) const ANNOTATIONS: &str = "io.kubernetes.cri.pod-annotations";

/// The pod's name servers.
const DNS: &str = "dns";

/// The specification's keys are `nameservers` in a configuration and `servers` from a runtime; containerd
/// writes the latter with a capital, which Go's decoders take for the same.
#[derive(Default, Deserialize)]
struct Dns {
    #[serde(default, alias = "Servers")]
    servers: Vec<String>,
    #[serde(default, alias = "Nameservers")]
    nameservers: Vec<String>,
}

/// What is known of the pod from its runtime.
#[derive(Default)]
pub(super) struct Runtime {
    /// Its annotations; `None` where they were not passed.
    pub(super) annotations: Option<BTreeMap<String, String>>,
    /// Its name servers.
    pub(super) name_servers: Vec<IpAddr>,
    declared: BTreeMap<String, serde_json::Value>,
}

impl Runtime {
    /// Reads `capabilities`, what `runtimeConfig` says for them, and `dns`.
    pub(super) fn read(object: &Object, faults: &mut Vec<Fault>) -> Self {
        let mut fault = |key: &str, reason| faults.push(Fault::new(key, object.get(key), reason));
        let declared: BTreeMap<String, serde_json::Value> = object
            .value("capabilities")
            .map_err(|reason| fault("capabilities", reason))
            .unwrap_or_default()
            .unwrap_or_default();
        let said: Option<Object> = object
            .value("runtimeConfig")
            .map_err(|reason| fault("runtimeConfig", reason))
            .unwrap_or_default();
        let own: Option<Dns> =
            object.value(DNS).map_err(|reason| fault(DNS, reason)).unwrap_or_default();
        let mut runtime = Self { declared, ..Self::default() };
        if let Some(said) = said {
            runtime.take(&said, faults);
        }
        if runtime.name_servers.is_empty() {
            runtime.name_servers = addresses(own.unwrap_or_default(), DNS, faults);
        }
        runtime
    }

    /// Whether the configuration declares this capability.
    pub(super) fn declares(&self, capability: &str) -> bool {
        self.declared.get(capability) == Some(&serde_json::Value::Bool(true))
    }

    fn take(&mut self, said: &Object, faults: &mut Vec<Fault>) {
        let mut fault = |key: &str, reason| {
            faults.push(Fault::new(&format!("runtimeConfig.{key}"), said.get(key), reason));
        };
        if self.declares(ANNOTATIONS) {
            let read = said.value(ANNOTATIONS).map_err(|reason| fault(ANNOTATIONS, reason));
            self.annotations = read.unwrap_or_default();
        }
        if self.declares(DNS) {
            let read: Result<Option<Dns>, ()> =
                said.value(DNS).map_err(|reason| fault(DNS, reason));
            let dns = read.unwrap_or_default().unwrap_or_default();
            self.name_servers = addresses(dns, "runtimeConfig.dns", faults);
        }
    }
}

fn addresses(dns: Dns, place: &str, faults: &mut Vec<Fault>) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for text in dns.servers.into_iter().chain(dns.nameservers) {
        match text.parse() {
            Ok(address) => found.push(address),
            Err(_) => faults.push(Fault::new(place, Some(&text), "must be an address")),
        }
    }
    found
}
