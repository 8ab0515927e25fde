//! What the proxy's container says: who the proxy is, and three switches.

use super::ignored::Note;
use super::value::{Container, EnvValue, Pod, Role};
use crate::dialect::istio::truth::truth;
use crate::dialect::{Flaw, Told};

const DNS_CAPTURE: &str = "ISTIO_META_DNS_CAPTURE";
const INVALID_DROP: &str = "INVALID_DROP";
const DUAL_STACK: &str = "ISTIO_DUAL_STACK";

/// The user and the group of Istio's images.
const USUAL: i64 = 1337;

/// Tells what the container says; whom it runs as may be said by the pod, for all its containers.
pub(super) fn tell(proxy: &Container, pod: &Pod, told: &mut Told, notes: &mut Vec<Note>) {
    let user = id(proxy.run_as.user, pod.run_as.user);
    let group = id(proxy.run_as.group, pod.run_as.group);
    told.say("proxy-uid", "runAsUser of istio-proxy", user.to_string());
    told.say("proxy-gid", "runAsGroup of istio-proxy", group.to_string());
    notes.extend(pod.containers.iter().filter_map(|other| {
        let ids = [
            ("user", other.run_as.user.or(pod.run_as.user), user),
            ("group", other.run_as.group.or(pod.run_as.group), group),
        ];
        let (kind, _, id) = ids.into_iter().find(|(_, its, proxys)| *its == Some(*proxys))?;
        let is_other = other.name != proxy.name && other.role != Role::Init;
        let reason = format!("runs as {kind} {id}, as istio-proxy does: it is not captured");
        is_other.then(|| Note::new(&format!("container {}", other.name), reason))
    }));
    if is_set(proxy, DNS_CAPTURE, told) {
        told.say("dns-capture", &named(DNS_CAPTURE), "all");
    }
    if is_set(proxy, INVALID_DROP, told) {
        told.say("drop-invalid", &named(INVALID_DROP), "true");
    }
    let has_dual_stack = proxy.env.get(DUAL_STACK).is_some_and(|value| *value != nothing());
    if !is_set(proxy, DUAL_STACK, told) && has_dual_stack {
        let reason = "has no effect: IPv6 is captured as IPv4 is, where there is any";
        notes.push(Note::new(&named(DUAL_STACK), reason));
    }
}

/// Whether a variable says yes. Empty is as good as not there; what can't be read is told as a fault.
pub(super) fn is_set(proxy: &Container, variable: &str, told: &mut Told) -> bool {
    let text = match proxy.env.get(variable) {
        None => return false,
        Some(EnvValue::Text(text)) if text.is_empty() => return false,
        Some(EnvValue::Text(text)) => text,
        Some(EnvValue::Elsewhere) => {
            let reason = "stands elsewhere (valueFrom), where it can't be read; write its value";
            told.fault(&named(variable), None, reason);
            return false;
        }
    };
    truth(text).unwrap_or_else(|Flaw { text, reason }| {
        told.fault(&named(variable), Some(&text), reason);
        false
    })
}

/// An injector that writes 0, as it does for TPROXY, means a proxy that changes to the usual user, or
/// one that the group tells apart: all of root's connections must not pass for the proxy's.
fn id(own: Option<i64>, of_pod: Option<i64>) -> i64 {
    own.or(of_pod).filter(|id| *id != 0).unwrap_or(USUAL)
}

fn named(variable: &str) -> String {
    format!("{variable} of istio-proxy")
}

const fn nothing() -> EnvValue {
    EnvValue::Text(String::new())
}
