//! What holds where a policy says nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{InboundPorts, Outbound, OutboundRanges, PassthroughSource, ProxyPorts};
use crate::words::{CidrSet, Port, PortRange, PortSet};

const OUTBOUND: Port = port(15001);
const INBOUND: Port = port(15006);
const TUNNEL: Port = port(15008);
/// The proxy's own health and metrics ports, which probes and scrapers reach without the proxy.
const INBOUND_EXCLUDED: [Port; 3] = [port(15020), port(15021), port(15090)];

impl Default for ProxyPorts {
    fn default() -> ProxyPorts {
        ProxyPorts { outbound: OUTBOUND, inbound: INBOUND, tunnel: TUNNEL }
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
            loopback: super::LoopbackRange::default(),
        }
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
