//! `CNI_ARGS`: what the runtime says of the pod, and what the pod says of its capture.

use crate::cni::CniError;
use crate::policy::Fault;

use super::base64;
use super::environment::Environment;

/// The longest policy of a pod, in bytes of base64url.
const LONGEST: usize = 64 * 1024;

/// A pod's policy, as base64url of its text.
pub(super) const POLICY: &str = "NFTDIVERT_POLICY";

/// What runtimes of Kubernetes say besides, without effect here.
const KNOWN: [&str; 2] = ["K8S_POD_INFRA_CONTAINER_ID", "K8S_POD_UID"];

/// What `CNI_ARGS` says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CniArgs {
    /// The pod's Kubernetes namespace; empty where it is not said.
    pub namespace: String,
    /// The pod's name; empty where it is not said.
    pub pod: String,
    /// The text of the policy that the pod asks for.
    pub policy: Option<String>,
}

impl CniArgs {
    /// Reads `CNI_ARGS`.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn read(environment: &Environment) -> Result<Self, CniError> {
        let mut faults = Vec::new();
        let args =
            environment.optional("CNI_ARGS", &mut faults).map(|text| pairs(text, &mut faults));
        let said = Self::of(&args.unwrap_or_default(), &mut faults);
        if faults.is_empty() { Ok(said) } else { Err(CniError::Environment { faults }) }
    }

    /// What can be read of it, for logs.
    #[must_use]
    pub fn lenient(environment: &Environment) -> Self {
        let mut faults = Vec::new();
        Self::of(&pairs(environment.text("CNI_ARGS"), &mut faults), &mut faults)
    }

    fn of(pairs: &[(&str, &str)], faults: &mut Vec<Fault>) -> Self {
        let mut said = Self::default();
        // A boolean as Go reads it, as libcni does.
        let is_true = |text: &str| matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True");
        let ignores = pairs.iter().any(|(key, value)| *key == "IgnoreUnknown" && is_true(value));
        for (key, value) in pairs {
            match *key {
                "K8S_POD_NAMESPACE" => said.namespace = (*value).to_owned(),
                "K8S_POD_NAME" => said.pod = (*value).to_owned(),
                POLICY => said.policy = policy(value, faults),
                "IgnoreUnknown" => {}
                key if KNOWN.contains(&key) || ignores => {}
                key => {
                    let reason = "is not known here; IgnoreUnknown=1 passes such keys over";
                    faults.push(Fault::new("CNI_ARGS", Some(key), reason));
                }
            }
        }
        said
    }
}

fn pairs<'t>(text: &'t str, faults: &mut Vec<Fault>) -> Vec<(&'t str, &'t str)> {
    let parts = text.split(';').filter(|part| !part.is_empty());
    let pair = |part: &'t str| {
        let pair = part.split_once('=').filter(|(key, _)| !key.is_empty());
        if pair.is_none() {
            faults.push(Fault::new("CNI_ARGS", Some(part), "must be KEY=VALUE;KEY=VALUE"));
        }
        pair
    };
    parts.filter_map(pair).collect()
}

fn policy(text: &str, faults: &mut Vec<Fault>) -> Option<String> {
    let field = format!("CNI_ARGS {POLICY}");
    if text.len() > LONGEST {
        faults.push(Fault::new(&field, None, "is longer than 64 KiB"));
        return None;
    }
    let bytes = match base64::decode(text) {
        Ok(bytes) => bytes,
        Err(reason) => {
            faults.push(Fault::new(&field, Some(text), reason));
            return None;
        }
    };
    let text = String::from_utf8(bytes);
    text.map_err(|_| faults.push(Fault::new(&field, None, "is not UTF-8 when decoded"))).ok()
}
