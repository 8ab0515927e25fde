//! What holds where a policy says nothing.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    InboundPorts, Outbound, OutboundRanges, OwnerGroups, PassthroughSource, PortsByUid, ProxyPorts,
    Tproxy,
};
use crate::words::{CidrSet, Port, PortRange, PortSet};

const OUTBOUND: Port = port(15001);
const INBOUND: Port = port(15006);
const TUNNEL: Port = port(15008);
const DNS: Port = port(15053);
/// The proxy's own health and metrics ports, which probes and scrapers reach without the proxy.
const INBOUND_EXCLUDED: [Port; 3] = [port(15020), port(15021), port(15090)];

impl Default for ProxyPorts {
    fn default() -> ProxyPorts {
        ProxyPorts { outbound: OUTBOUND, inbound: INBOUND, tunnel: TUNNEL, dns: DNS }
    }
}

impl Default for PassthroughSource {
    fn default() -> PassthroughSource {
        PassthroughSource {
            ipv4: Ipv4Addr::new(127, 0, 0, 6),
            ipv6: Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6),
        }
    }
}

impl Default for InboundPorts {
    fn default() -> InboundPorts {
        InboundPorts::AllExcept(inbound_excluded())
    }
}

impl Default for Outbound {
    fn default() -> Outbound {
        Outbound {
            ranges: OutboundRanges::All,
            exclude_ranges: CidrSet::default(),
            include_ports: PortSet::default(),
            exclude_ports: PortSet::default(),
            services: BTreeSet::new(),
            owner_groups: OwnerGroups::default(),
            exclude_ports_by_uid: PortsByUid::default(),
            loopback: super::LoopbackRange::default(),
        }
    }
}

impl Default for Tproxy {
    fn default() -> Tproxy {
        Tproxy { mark: 1337, table: 133, outbound_mark: 1338 }
    }
}

/// The ports that are not captured on the way in where the policy names no others.
pub(super) fn inbound_excluded() -> PortSet {
    INBOUND_EXCLUDED.into_iter().map(PortRange::from).collect()
}

const fn port(number: u16) -> Port {
    match Port::new(number) {
        Some(port) => port,
        None => panic!("0 is not a port"),
    }
}
