//! What the administrator says: the keys of a network configuration that are ours.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use crate::cni::CniError;
use crate::policy::{CapturePolicy, Fault, Layer, PolicyError};

use super::json::compact;
use super::permit::Permit;
use super::runtime::{ANNOTATIONS, Runtime};
use super::{Object, keys};

/// How the administrator's policy is called in faults.
pub(in crate::cni) const POLICY: &str = "policy";

/// Where the daemon listens.
const SOCKET: &str = "daemonSocket";

/// Kubernetes namespaces whose pods are left alone unless the configuration says otherwise.
const EXCLUDED: &str = "kube-system";

/// What the administrator says.
#[derive(Debug, Clone)]
pub struct Config {
    /// The text of the policy, in its YAML form.
    pub text: Option<String>,
    /// The policy, for pods that say nothing.
    pub policy: CapturePolicy,
    /// Who says which pods are captured.
    pub source: Source,
    /// What pods may say.
    pub permit: Permit,
    /// Kubernetes namespaces whose pods are left alone.
    pub excluded: BTreeSet<String>,
    /// The socket of the daemon without which no pod starts.
    pub daemon: Option<PathBuf>,
    /// The pod's annotations, if the runtime passed them.
    pub annotations: Option<BTreeMap<String, String>>,
    /// The pod's name servers, as far as the runtime or the configuration say them.
    pub name_servers: Vec<IpAddr>,
}

/// Who says which pods are captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The policy alone: all pods that are not left alone.
    Policy,
    /// Istio's annotations: pods in which an injector has put a sidecar.
    Istio,
}

/// How to log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// What is logged.
    pub level: tracing::level_filters::LevelFilter,
    /// Where, besides standard error.
    pub file: Option<PathBuf>,
    /// The daemon that gets the lines too.
    pub daemon: Option<PathBuf>,
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: tracing::level_filters::LevelFilter::INFO, file: None, daemon: None }
    }
}

impl Logging {
    /// What can be read of it.
    pub(super) fn lenient(object: &Object) -> Self {
        Self::read(object, &mut Vec::new())
    }

    fn read(object: &Object, faults: &mut Vec<Fault>) -> Self {
        let level: Option<String> = typed(object, "logLevel", faults);
        let usual = Self::default().level;
        let level = level.map_or(usual, |word| {
            level_of(&word).unwrap_or_else(|| {
                let reason = "must be off, error, warn, info, debug or trace";
                faults.push(Fault::new("logLevel", Some(&word), reason));
                usual
            })
        });
        let file = path(object, "logFile", faults);
        Self { level, file, daemon: path(object, SOCKET, faults) }
    }
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn read(object: &Object) -> Result<Self, CniError> {
        let mut faults = Vec::new();
        keys::check(object, &mut faults);
        let text = object.get(POLICY).map(compact);
        let policy = policy(text.as_deref(), &mut faults);
        let runtime = Runtime::read(object, &mut faults);
        let excluded: Option<BTreeSet<String>> = typed(object, "excludeNamespaces", &mut faults);
        let permit: Option<Vec<String>> = typed(object, "permit", &mut faults);
        let logging = Logging::read(object, &mut faults);
        let config = Self {
            policy,
            source: source(object, &runtime, &mut faults),
            permit: Permit::read(&permit.unwrap_or_default(), &mut faults),
            excluded: excluded.unwrap_or_else(|| BTreeSet::from([EXCLUDED.to_owned()])),
            daemon: logging.daemon,
            annotations: runtime.annotations,
            name_servers: runtime.name_servers,
            text,
        };
        PolicyError::of("", faults).map_or(Ok(config), |error| Err(CniError::Config(error)))
    }

    /// The policy as a layer under what the pod says.
    #[must_use]
    pub fn layer(&self) -> Option<Layer<'_>> {
        self.text.as_deref().map(|text| Layer { name: POLICY, text })
    }
}

fn policy(text: Option<&str>, faults: &mut Vec<Fault>) -> CapturePolicy {
    let layer = text.map(|text| Layer { name: POLICY, text });
    let policy = CapturePolicy::layered(layer.as_slice(), &[]).unwrap_or_else(|error| {
        // The text is one line here, whatever it was in the configuration.
        faults.extend(error.faults.into_iter().map(|fault| Fault { line: None, ..fault }));
        CapturePolicy::default()
    });
    if let Some(group) = &policy.proxy.identity.marks().cgroup {
        let reason = "can't be matched by a CNI plugin: a pod's cgroups are made after it has run; \
            tell the proxy by uids, gids, mark or netClsClassid";
        faults.push(Fault::new("policy.proxy.cgroup", Some(&group.to_string()), reason));
    }
    policy
}

fn source(object: &Object, runtime: &Runtime, faults: &mut Vec<Fault>) -> Source {
    let word: Option<String> = typed(object, "source", faults);
    match word.as_deref() {
        None | Some("policy") => Source::Policy,
        Some("istio") => {
            if !runtime.declares(ANNOTATIONS) {
                let reason = format!("source istio takes {{\"{ANNOTATIONS}\": true}} here");
                faults.push(Fault::new("capabilities", None, reason));
            }
            Source::Istio
        }
        Some(other) => {
            faults.push(Fault::new("source", Some(other), "must be policy or istio"));
            Source::Policy
        }
    }
}

fn level_of(word: &str) -> Option<tracing::level_filters::LevelFilter> {
    use tracing::level_filters::LevelFilter as Level;
    let levels = [
        ("off", Level::OFF),
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    levels.into_iter().find(|(name, _)| *name == word).map(|(_, level)| level)
}

fn typed<T: DeserializeOwned>(object: &Object, key: &str, faults: &mut Vec<Fault>) -> Option<T> {
    let read = object.value(key);
    read.map_err(|reason| faults.push(Fault::new(key, object.get(key), reason))).unwrap_or_default()
}

fn path(object: &Object, key: &str, faults: &mut Vec<Fault>) -> Option<PathBuf> {
    let path: String = typed(object, key, faults)?;
    if !path.starts_with('/') || path.contains('\0') {
        faults.push(Fault::new(key, Some(&path), "must be an absolute path"));
        return None;
    }
    Some(PathBuf::from(path))
}
