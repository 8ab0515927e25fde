//! A draft to a policy: defaults for what is missing, and faults for what contradicts itself.

use std::collections::BTreeSet;

use super::contradict;
use super::defaults::inbound_excluded;
use super::draft::{AllOr, Draft};
use super::fault::{Faults, shown};
use super::modes::DnsCapture;
use super::{
    CapturePolicy, Dns, Identity, Inbound, InboundPorts, IncludedGroups, Interfaces, Marks, Match,
    NameServers, Outbound, OutboundRanges, OwnerGroups, PassthroughSource, Proxy, ProxyPorts,
    Tproxy,
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
    contradict::check(&draft, faults);
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
        interfaces: Interfaces {
            exclude: draft.exclude_interfaces.take().unwrap_or_default(),
            virtual_: draft.virtual_interfaces.take().unwrap_or_default(),
        },
        dns: dns(&mut draft),
        ipv6: draft.ipv6.unwrap_or_default(),
        counters: draft.counters.unwrap_or_default(),
        lo_notrack: draft.lo_notrack.unwrap_or_default(),
        existing: draft.existing.unwrap_or_default(),
        outbound: outbound(draft),
    })
}

/// Where all marks must be there, the group takes part only if it is given.
fn identity(draft: &mut Draft, faults: &mut Faults) -> Option<Identity> {
    let matching = draft.matching.unwrap_or_default();
    let uids = draft.uids.take().unwrap_or_else(|| Identity::default().marks().uids.clone());
    let same_numbers = || match matching {
        Match::Any => uids.iter().filter_map(|uid| Gid::new(uid.get())).collect(),
        Match::All => BTreeSet::new(),
    };
    let gids = draft.gids.take().unwrap_or_else(same_numbers);
    let (mark, classid, cgroup) = (draft.mark, draft.classid, draft.cgroup.take());
    let identity = Identity::new(Marks { uids, gids, mark, classid, cgroup }, matching);
    if identity.is_none() && draft.sound(&contradict::MARKS) {
        let other = match draft.given(GIDS) {
            true => draft.place(GIDS).field,
            false => format!("{GIDS} (the same numbers where it is not given)"),
        };
        let reason = format!(
            "is empty, and so is {other}: without a mark, a class or a cgroup the proxy could not \
             be told apart and its own connections would be captured again"
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
        dns: draft.dns_port.unwrap_or(usual.dns),
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

fn inbound(draft: &mut Draft, faults: &mut Faults) -> Inbound {
    let usual = Tproxy::default();
    Inbound {
        mode: draft.inbound_mode.unwrap_or_default(),
        tproxy: Tproxy {
            mark: draft.tproxy_mark.unwrap_or(usual.mark),
            table: draft.tproxy_table.unwrap_or(usual.table),
            outbound_mark: draft.tproxy_outbound_mark.unwrap_or(usual.outbound_mark),
        },
        ports: inbound_ports(draft, faults),
        exclude_sources: draft.exclude_sources.take().unwrap_or_default(),
        drop_invalid: draft.drop_invalid.unwrap_or_default(),
    }
}

fn inbound_ports(draft: &mut Draft, faults: &mut Faults) -> InboundPorts {
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

/// A list of services means that exactly these are captured, unless ranges are listed too.
fn outbound(draft: Draft) -> Outbound {
    let services = draft.services.unwrap_or_default();
    let is_by_service = draft.outbound_ranges.is_none() && !services.is_empty();
    Outbound {
        ranges: match draft.outbound_ranges {
            None if is_by_service => OutboundRanges::Only(super::IncludedRanges::default()),
            None | Some(AllOr::All) => OutboundRanges::All,
            Some(AllOr::Only(ranges)) => OutboundRanges::Only(ranges),
        },
        exclude_ranges: draft.outbound_exclude_ranges.unwrap_or_default(),
        include_ports: draft.outbound_include_ports.unwrap_or_default(),
        exclude_ports: draft.outbound_exclude_ports.unwrap_or_default(),
        services,
        owner_groups: OwnerGroups {
            include: match draft.include_groups {
                None | Some(AllOr::All) => IncludedGroups::All,
                Some(AllOr::Only(groups)) => IncludedGroups::Only(groups),
            },
            exclude: draft.exclude_groups.unwrap_or_default(),
        },
        exclude_ports_by_uid: draft.exclude_ports_by_uid.unwrap_or_default(),
        loopback: draft.loopback.unwrap_or_default(),
    }
}

fn dns(draft: &mut Draft) -> Dns {
    match draft.dns.unwrap_or_default() {
        DnsCapture::Off => Dns::Off,
        DnsCapture::All => Dns::All,
        DnsCapture::Listed => Dns::Listed(match draft.dns_servers.take() {
            None | Some(AllOr::All) => NameServers::ResolvConf,
            Some(AllOr::Only(servers)) => {
                NameServers::Only(servers.into_iter().map(|server| server.0).collect())
            }
        }),
    }
}
