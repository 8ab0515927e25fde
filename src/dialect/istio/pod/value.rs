//! What there is to know about a pod before its traffic is captured.

use std::collections::BTreeMap;

/// A pod, as far as capture depends on it. It can be deserialized from the JSON in which Kubernetes
/// tells a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its Kubernetes namespace.
    pub namespace: String,
    /// Its name, for messages.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whose network namespace it lives in.
    pub network: Network,
    /// Whom its containers run as that don't say it themselves.
    pub run_as: RunAs,
    /// All its containers, in no order that matters.
    pub containers: Vec<Container>,
}

/// Whose network namespace a pod lives in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Its own.
    #[default]
    Own,
    /// The machine's (`hostNetwork: true`).
    Host,
}

/// One container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name, such as `istio-proxy`.
    pub name: String,
    /// When it runs.
    pub role: Role,
    /// Whom it runs as.
    pub run_as: RunAs,
    /// Its arguments (`args`).
    pub args: Vec<String>,
    /// Its environment, by the variable's name.
    pub env: BTreeMap<String, EnvValue>,
}

/// When a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Before the others, to its end.
    Init,
    /// From before the others to the end of the pod: an init container that is restarted always.
    Sidecar,
    /// With the others of this kind.
    Main,
}

/// Ids as Kubernetes takes them; `None` where nothing was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunAs {
    /// The user id (`runAsUser`).
    pub user: Option<i64>,
    /// The group id (`runAsGroup`).
    pub group: Option<i64>,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvValue {
    /// This text; empty where none was written.
    Text(String),
    /// What stands elsewhere (`valueFrom`), which the pod alone does not tell.
    Elsewhere,
}
