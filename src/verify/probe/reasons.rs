//! Why something can't be proven here, and what the user can do.

use std::net::{IpAddr, SocketAddr};

use crate::policy::{CapturePolicy, InboundPorts};
use crate::words::IpFamily;

use super::check::Check;
use super::place::{Place, Role};
use super::report::Finding;

const VERIFY: &str = "`nftdivert verify` with CAP_NET_ADMIN compares all rules";
const AS_APP: &str = "run a second probe as a user that is not the proxy's, such as 65534";
const AS_PROXY: &str = "run a second probe as the proxy's user";

/// A destination that the rules do not capture.
pub(super) struct Passed {
    pub(super) to: SocketAddr,
    /// The setting that lets it pass; `None` where that depends on what the process can't know.
    pub(super) setting: Option<&'static str>,
}

/// Nothing was found that the rules capture.
pub(super) fn nothing_to_try(
    check: Check,
    role: Role,
    place: &Place,
    passed: Option<Passed>,
    unreachable: Option<(IpAddr, String)>,
) -> Finding {
    match (role, passed, unreachable) {
        (_, None, None) => Finding::unproven(check, "there is no destination to try", None),
        (_, None, Some((address, reason))) => {
            let why = format!("nothing can leave: no route to {address}: {reason}");
            Finding::unproven(check, why, None)
        }
        (Role::Proxy, Some(_), _) => {
            let why = format!("this process is the proxy ({}): what it sends passes", ids(place));
            Finding::unproven(check, why, Some(AS_APP))
        }
        (Role::Unknown, Some(Passed { setting: None, .. }), _) => unsure(check, place),
        (Role::App | Role::Unknown, Some(Passed { to, setting }), _) => {
            let why = match setting {
                Some("") | None => format!("no rule captures it, such as to {to}"),
                Some(setting) => format!("{setting} lets it pass, such as to {to}"),
            };
            let why = format!("nothing that {} sends is captured: {why}", ids(place));
            Finding::unproven(check, why, Some(VERIFY))
        }
    }
}

/// It depends on what the process can't know.
pub(super) fn unsure(check: Check, place: &Place) -> Finding {
    let why = format!(
        "whether this process ({}) is the proxy depends on its cgroup or net_cls class, which it \
         can't tell",
        ids(place)
    );
    Finding::unproven(check, why, Some(VERIFY))
}

/// A direct connection shows nothing.
pub(super) fn bypassed(check: Check) -> Finding {
    let why = "ipv6: bypass leaves IPv6 alone, as it would be without rules";
    Finding::unproven(check, why, Some(VERIFY))
}

/// Only the proxy may try it.
pub(super) fn not_the_proxy(check: Check) -> Finding {
    Finding::unproven(check, "this process is not the proxy", Some(AS_PROXY))
}

/// The pod has no address of this family.
pub(super) fn no_own_address(check: Check, family: IpFamily) -> Finding {
    Finding::unproven(check, format!("the pod has no {family} address but loopback"), None)
}

/// Nothing inside the pod can try it.
pub(super) fn inbound(policy: &CapturePolicy) -> Finding {
    if matches!(&policy.inbound.ports, InboundPorts::Only(ports) if ports.is_empty()) {
        return Finding::unproven(Check::Inbound, "inbound.ports captures nothing", None);
    }
    let why = "what a process sends to its own pod is decided where it leaves; only a connection \
               from outside meets the rules for what comes in";
    let advice = format!("connect from another pod when the proxy runs; {VERIFY}");
    Finding::unproven(Check::Inbound, why, Some(&advice))
}

fn ids(place: &Place) -> String {
    format!("uid {}, gid {}", place.uid, place.gid)
}
