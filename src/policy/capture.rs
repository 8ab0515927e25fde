//! The policy as values that cannot contradict each other.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    Counters, Existing, Identity, InboundMode, IncludedRanges, Ipv6, LoopbackRange, PortsByUid,
};
use crate::words::{CidrSet, Gid, IfName, Port, PortSet, Service};

/// What to capture in one network namespace; the default is the usual sidecar capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapturePolicy {
    /// Who the proxy is and where it listens.
    pub proxy: Proxy,
    /// What is captured when others connect to the namespace, and how.
    pub inbound: Inbound,
    /// Which connections that leave the namespace are captured.
    pub outbound: Outbound,
    /// Interfaces that are treated otherwise than the rest.
    pub interfaces: Interfaces,
    /// Which name queries are captured.
    pub dns: Dns,
    /// What happens to IPv6.
    pub ipv6: Ipv6,
    /// Whether the rules count packets and bytes.
    pub counters: Counters,
    /// Whether what the proxy dials on `lo` is kept out of connection tracking.
    pub lo_notrack: bool,
    /// What becomes of connections that lived before.
    pub existing: Existing,
}

/// Interfaces that are treated otherwise than the rest; no name is in both sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// Their traffic is left alone, in both directions.
    pub exclude: BTreeSet<IfName>,
    /// What comes in by them is treated as what the app sends: behind them is a machine or a
    /// container inside the pod.
    pub virtual_: BTreeSet<IfName>,
}

/// What is captured on the way in, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbound {
    /// How a connection comes to the proxy.
    pub mode: InboundMode,
    /// The marks and the routing table of the TPROXY modes.
    pub tproxy: Tproxy,
    /// Which ports are captured.
    pub ports: InboundPorts,
    /// Clients that are not captured.
    pub exclude_sources: CidrSet,
    /// Whether packets that conntrack calls invalid are dropped, of every protocol.
    pub drop_invalid: bool,
}

/// What the TPROXY modes mark packets with, and where these are routed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tproxy {
    /// The mark of packets for the proxy, and of those that it sends with its client's address.
    pub mark: u32,
    /// The number of the routing table that keeps such packets here.
    pub table: u32,
    /// The mark of what the proxy sends to its own pod.
    pub outbound_mark: u32,
}

/// Which name queries are captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Dns {
    /// None.
    #[default]
    Off,
    /// Those to any server.
    All,
    /// Those to these servers.
    Listed(NameServers),
}

/// Which name servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameServers {
    /// Those that the pod's `/etc/resolv.conf` names.
    ResolvConf,
    /// These; at least one.
    Only(BTreeSet<IpAddr>),
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
    /// Takes captured name queries.
    pub dns: Port,
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
    /// Services that are captured besides `ranges`.
    pub services: BTreeSet<Service>,
    /// Whose connections are captured.
    pub owner_groups: OwnerGroups,
    /// Ports that are not captured for some users.
    pub exclude_ports_by_uid: PortsByUid,
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

/// Whose connections are captured on the way out, by group; no group is in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerGroups {
    /// Whose are.
    pub include: IncludedGroups,
    /// Whose are not.
    pub exclude: BTreeSet<Gid>,
}

/// Groups whose connections are captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IncludedGroups {
    /// Every group.
    #[default]
    All,
    /// Exactly these; none where the set is empty.
    Only(BTreeSet<Gid>),
}
