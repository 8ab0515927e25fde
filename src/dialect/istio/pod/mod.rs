//! A pod's annotations, and what its proxy's container says, to a policy, as Istio's CNI plugin reads
//! them.
//!
//! `docs/istio-pods.md` has the table of what becomes what, and where it differs from Istio.

mod alone;
mod annotations;
mod ignored;
mod injected;
mod json;
mod proxy;
mod said;
mod value;

use std::collections::BTreeSet;

use crate::dialect::Told;
use crate::policy::{CapturePolicy, PolicyError, shown};

pub use alone::LeftAlone;
pub use ignored::Note;
pub use injected::SaidBy;
pub use said::{Said, said};
pub use value::{Container, EnvValue, Network, Pod, Role, RunAs};

/// What is to be done with a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    LeftAlone(LeftAlone),
    /// Its traffic goes to its proxy.
    Captured {
        /// What goes there.
        policy: Box<CapturePolicy>,
        /// What was written and has no effect; the user should be told.
        notes: Vec<Note>,
    },
}

/// Judges a pod. Those of the namespaces in `excluded` are left alone.
///
/// What the pod says cannot name the proxy: that comes from the container `istio-proxy`, which an
/// injector writes.
///
/// # Errors
/// Everything that is wrong with what the pod says, at once, by annotation, container or variable. A
/// pod that is left alone may say what it likes.
pub fn judge(pod: &Pod, excluded: &BTreeSet<String>) -> Result<Verdict, PolicyError> {
    let mut told = Told::default();
    let proxy = match alone::left_alone(pod, excluded, &mut told) {
        Ok(proxy) => proxy,
        Err(reason) => return Ok(Verdict::LeftAlone(reason)),
    };
    let mut notes = Vec::new();
    annotations::tell(&pod.annotations, &mut told, &mut notes);
    proxy::tell(proxy, pod, &mut told, &mut notes);
    ignored::note(pod, &mut notes);
    let policy = told.finish(&format!("pod {}/{}", shown(&pod.namespace), shown(&pod.name)))?;
    Ok(Verdict::Captured { policy: Box::new(policy), notes })
}
