//! A draft to a policy: defaults for what is missing, and faults for what contradicts itself.

use super::defaults::inbound_excluded;
use super::draft::{AllOr, Draft};
use super::fault::{Faults, shown};
use super::{
    CapturePolicy, Identity, InboundPorts, Outbound, OutboundRanges, PassthroughSource, Proxy,
    ProxyPorts,
};
use crate::words::{Gid, Port, PortSet};

const UIDS: &str = "proxy.uids";
const GIDS: &str = "proxy.gids";
const OUTBOUND: &str = "proxy.ports.outbound";
const INBOUND: &str = "proxy.ports.inbound";
const TUNNEL: &str = "proxy.ports.tunnel";
const PORTS: &str = "inbound.ports";
const EXCLUDE_PORTS: &str = "inbound.excludePorts";

/// The policy that `draft` says; `None` where the proxy could not be told apart. Whether the policy
/// is any good is known from `faults`.
pub(super) fn resolve(mut draft: Draft, faults: &mut Faults) -> Option<CapturePolicy> {
    let identity = identity(&mut draft, faults);
    let ports = ports(&draft, faults);
    let inbound = inbound(&mut draft, faults);
    let source = PassthroughSource::default();
    let passthrough = PassthroughSource {
        ipv4: draft.passthrough_ipv4.unwrap_or(source.ipv4),
        ipv6: draft.passthrough_ipv6.unwrap_or(source.ipv6),
    };
    Some(CapturePolicy {
        proxy: Proxy { identity: identity?, ports, passthrough },
        inbound,
        exclude_interfaces: draft.exclude_interfaces.take().unwrap_or_default(),
        ipv6: draft.ipv6.unwrap_or_default(),
        counters: draft.counters.unwrap_or_default(),
        outbound: outbound(draft),
    })
}

fn identity(draft: &mut Draft, faults: &mut Faults) -> Option<Identity> {
    let uids = draft.uids.take().unwrap_or_else(|| Identity::default().uids().clone());
    let same_numbers = || uids.iter().filter_map(|uid| Gid::new(uid.get())).collect();
    let gids = draft.gids.take().unwrap_or_else(same_numbers);
    let identity = Identity::new(uids, gids);
    if identity.is_none() && draft.sound(&[UIDS, GIDS]) {
        let other = match draft.given(GIDS) {
            true => draft.place(GIDS).field,
            false => format!("{GIDS} (the same numbers where it is not given)"),
        };
        let reason = format!(
            "is empty, and so is {other}: the proxy could not be told apart \
             and its own connections would be captured again"
        );
        faults.add(draft.place(UIDS), String::from("[]"), reason);
    }
    identity
}

fn ports(draft: &Draft, faults: &mut Faults) -> ProxyPorts {
    let usual = ProxyPorts::default();
    let ports = ProxyPorts {
        outbound: draft.outbound_port.unwrap_or(usual.outbound),
        inbound: draft.inbound_port.unwrap_or(usual.inbound),
        tunnel: draft.tunnel_port.unwrap_or(usual.tunnel),
    };
    for (path, port) in [(OUTBOUND, ports.outbound), (INBOUND, ports.inbound)] {
        if port == ports.tunnel && draft.sound(&[TUNNEL, path]) {
            same_as_tunnel(draft, path, port, faults);
        }
    }
    ports
}

fn same_as_tunnel(draft: &Draft, path: &'static str, port: Port, faults: &mut Faults) {
    let (blamed, other) = if draft.given(TUNNEL) { (TUNNEL, path) } else { (path, TUNNEL) };
    let reason = format!(
        "is {} too; the tunnel port is never captured, so it must be a port of its own",
        draft.place(other).field
    );
    faults.add(draft.place(blamed), port.to_string(), reason);
}

fn inbound(draft: &mut Draft, faults: &mut Faults) -> InboundPorts {
    let excluded: Option<PortSet> = draft.inbound_exclude_ports.take();
    let only = match draft.inbound_ports.take() {
        None | Some(AllOr::All) => {
            return InboundPorts::AllExcept(excluded.unwrap_or_else(inbound_excluded));
        }
        Some(AllOr::Only(only)) => only,
    };
    let both = excluded.is_some_and(|excluded| only.intersects(&excluded));
    if both && draft.sound(&[PORTS, EXCLUDE_PORTS]) {
        let other = draft.place(EXCLUDE_PORTS).field;
        let reason = format!(
            "shares ports with {other}; a list means exactly its ports, \
             so take the shared ones out of one of the two"
        );
        faults.add(draft.place(PORTS), shown(&only.to_string()), reason);
    }
    InboundPorts::Only(only)
}

fn outbound(draft: Draft) -> Outbound {
    Outbound {
        ranges: match draft.outbound_ranges {
            None | Some(AllOr::All) => OutboundRanges::All,
            Some(AllOr::Only(ranges)) => OutboundRanges::Only(ranges),
        },
        exclude_ranges: draft.outbound_exclude_ranges.unwrap_or_default(),
        include_ports: draft.outbound_include_ports.unwrap_or_default(),
        exclude_ports: draft.outbound_exclude_ports.unwrap_or_default(),
        loopback: draft.loopback.unwrap_or_default(),
    }
}
