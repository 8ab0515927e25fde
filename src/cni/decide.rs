//! What becomes of a pod: left alone, or captured, by which policy. Pure.

use crate::dialect::istio::pod::{Said, said};
use crate::policy::{CapturePolicy, Dns, Fault, Layer, NameServers, PolicyError, Setting};

use super::error::CniError;
use super::request::{Attachment, Config, Source};

/// How the pod's own policy is called in faults.
const POD_POLICY: &str = "NFTDIVERT_POLICY";

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    LeaveAlone {
        /// Why.
        reason: String,
    },
    /// Its traffic goes to its proxy.
    Capture {
        /// What goes there.
        policy: Box<CapturePolicy>,
        /// What the user should know.
        notes: Vec<String>,
    },
}

/// Decides what becomes of a pod: the administrator's policy, with what the pod may say over it.
///
/// # Errors
/// The pod says what is wrong or what it may not, or its name servers are not known.
pub fn decide(attachment: &Attachment) -> Result<Decision, CniError> {
    let Attachment { config, args, .. } = attachment;
    if config.excluded.contains(&args.namespace) {
        let reason = format!("its namespace {} is excluded", args.namespace);
        return Ok(Decision::LeaveAlone { reason });
    }
    let asked = args.policy.as_deref().map(|text| Layer { name: POD_POLICY, text });
    match config.source {
        Source::Policy => {
            let layers = layers(config, asked)?;
            let policy = CapturePolicy::layered(&layers, &[]).map_err(CniError::Pod)?;
            capture(config, policy, Vec::new())
        }
        Source::Istio => by_annotations(attachment, asked),
    }
}

fn by_annotations(attachment: &Attachment, asked: Option<Layer<'_>>) -> Result<Decision, CniError> {
    let Attachment { config, args, .. } = attachment;
    // Each pod of a kubelet has annotations (kubernetes.io/config.source): a runtime that passes none passes
    // nobody's, and no pod at all would be captured.
    let annotations = config.annotations.as_ref().ok_or_else(no_annotations)?;
    let (told, notes) = match said(&args.namespace, &args.pod, annotations, &config.excluded) {
        Said::LeftAlone(reason) => {
            return Ok(Decision::LeaveAlone { reason: reason.to_string() });
        }
        Said::Settings { told, notes } => (told, notes),
    };
    let faults: Vec<Fault> = told
        .names()
        .filter(|(flag, _)| {
            !Setting::by_flag(flag).is_some_and(|setting| config.permit.allows(setting.path))
        })
        .map(|(flag, name)| {
            let path = Setting::by_flag(flag).map_or(flag, |setting| setting.path);
            Fault::new(name, None, format!("sets {path}, which pods may not say here"))
        })
        .collect();
    if !faults.is_empty() {
        return Err(CniError::NotPermitted { faults });
    }
    let origin = format!("pod {}/{}", args.namespace, args.pod);
    let policy = told.finish_over(&layers(config, asked)?, &origin).map_err(CniError::Pod)?;
    let unknown = "annotations do not say whom istio-proxy runs as, nor what its environment \
        switches on (DNS capture, dropInvalid): the policy of the network configuration does";
    let notes = notes.iter().map(ToString::to_string).chain([unknown.to_owned()]).collect();
    capture(config, policy, notes)
}

fn no_annotations() -> CniError {
    let reason = "the runtime passed no annotations of the pod, which source istio takes; \
        containerd does; where the runtime does not, take source policy";
    let field = "runtimeConfig.io.kubernetes.cri.pod-annotations";
    let faults = vec![Fault::new(field, None, reason)];
    CniError::Config(PolicyError { origin: String::new(), faults })
}

/// The administrator's text, and over it what the pod asks for, if it may.
fn layers<'t>(config: &'t Config, asked: Option<Layer<'t>>) -> Result<Vec<Layer<'t>>, CniError> {
    let Some(asked) = asked else { return Ok(config.layer().into_iter().collect()) };
    let settings = asked.settings().map_err(CniError::Pod)?;
    let faults: Vec<Fault> = settings
        .iter()
        .filter(|setting| !config.permit.allows(setting.path))
        .map(|setting| {
            let field = format!("{POD_POLICY}.{}", setting.path);
            Fault::new(&field, None, "is a setting that pods may not say here")
        })
        .collect();
    if !faults.is_empty() {
        return Err(CniError::NotPermitted { faults });
    }
    Ok(config.layer().into_iter().chain([asked]).collect())
}

fn capture(
    config: &Config,
    mut policy: CapturePolicy,
    notes: Vec<String>,
) -> Result<Decision, CniError> {
    if policy.dns == Dns::Listed(NameServers::ResolvConf) {
        if config.name_servers.is_empty() {
            return Err(CniError::NoNameServers);
        }
        let servers = config.name_servers.iter().copied().collect();
        policy.dns = Dns::Listed(NameServers::Only(servers));
    }
    Ok(Decision::Capture { policy: Box::new(policy), notes })
}
