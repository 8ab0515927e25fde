//! The policy as values that cannot contradict each other.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Counters, Identity, IncludedRanges, Ipv6, LoopbackRange};
use crate::words::{CidrSet, IfName, Port, PortSet};

/// What to capture in one network namespace; the default is the usual sidecar capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapturePolicy {
    /// Who the proxy is and where it listens.
    pub proxy: Proxy,
    /// Which ports of the namespace are captured when others connect to them.
    pub inbound: InboundPorts,
    /// Which connections that leave the namespace are captured.
    pub outbound: Outbound,
    /// Interfaces whose traffic is left alone, in both directions.
    pub exclude_interfaces: BTreeSet<IfName>,
    /// What happens to IPv6.
    pub ipv6: Ipv6,
    /// Whether the rules count packets and bytes.
    pub counters: Counters,
}

/// The sidecar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// How its sockets are told apart from everyone else's.
    pub identity: Identity,
    /// Where it listens.
    pub ports: ProxyPorts,
    /// From where it dials the app.
    pub passthrough: PassthroughSource,
}

/// The ports on which the proxy listens; outbound and inbound may be one and the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyPorts {
    /// Takes captured connections that leave.
    pub outbound: Port,
    /// Takes captured connections that come in.
    pub inbound: Port,
    /// Takes tunnelled connections; never captured.
    pub tunnel: Port,
}

/// The addresses from which the proxy dials the app, so that it is not captured again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassthroughSource {
    /// Inside 127.0.0.0/8.
    pub ipv4: Ipv4Addr,
    /// A unicast address of the loopback interface other than `::1`.
    pub ipv6: Ipv6Addr,
}

/// Which ports are captured on the way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboundPorts {
    /// Every port but these.
    AllExcept(PortSet),
    /// Exactly these; none where the set is empty.
    Only(PortSet),
}

/// What is captured on the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Destinations that are captured.
    pub ranges: OutboundRanges,
    /// Destinations that are not, even where `ranges` or `include_ports` name them.
    pub exclude_ranges: CidrSet,
    /// Destination ports that are captured wherever they lead.
    pub include_ports: PortSet,
    /// Destination ports that are not captured; stronger than everything else.
    pub exclude_ports: PortSet,
    /// The destinations that count as the namespace itself.
    pub loopback: LoopbackRange,
}

/// Which destinations are captured on the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboundRanges {
    /// Every destination.
    All,
    /// Exactly these; none where the list is empty.
    Only(IncludedRanges),
}
