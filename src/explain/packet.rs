//! A packet as far as rules can see it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::words::{Classid, Gid, IfName, Uid};

/// `SYN` in the byte of the TCP header that holds the flags.
pub const TCP_SYN: u8 = 2;
/// `ACK` in that byte.
pub const TCP_ACK: u8 = 16;

/// A packet at the moment when the first hook sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Where it comes from, and by which interface.
    pub way: Way,
    /// Source and destination.
    pub addresses: Addresses,
    /// The transport protocol and what its header says.
    pub protocol: Protocol,
    /// The packet's mark: of a packet that is sent, its socket's (`SO_MARK`).
    pub mark: u32,
    /// What connection tracking says of it.
    pub state: State,
}

/// Which way a packet takes through the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It comes to the pod.
    In {
        /// The interface by which it comes.
        iif: IfName,
    },
    /// The pod sends it.
    Out {
        /// The interface by which it would leave if no rule changed anything.
        oif: IfName,
        /// The socket that sends it; none for what the kernel itself sends, such as resets.
        socket: Option<Socket>,
    },
}

/// Source and destination, which are of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// IPv4.
    V4 {
        /// Where the packet comes from.
        source: Ipv4Addr,
        /// Where it goes.
        destination: Ipv4Addr,
    },
    /// IPv6.
    V6 {
        /// Where the packet comes from.
        source: Ipv6Addr,
        /// Where it goes.
        destination: Ipv6Addr,
    },
}

impl Addresses {
    /// Both addresses; `None` if they are of two families.
    #[must_use]
    pub fn new(source: IpAddr, destination: IpAddr) -> Option<Self> {
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Some(Self::V4 { source, destination }),
            (IpAddr::V6(source), IpAddr::V6(destination)) => Some(Self::V6 { source, destination }),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
        }
    }

    /// Where the packet comes from.
    #[must_use]
    pub fn source(&self) -> IpAddr {
        match *self {
            Self::V4 { source, .. } => source.into(),
            Self::V6 { source, .. } => source.into(),
        }
    }

    /// Where it goes.
    #[must_use]
    pub fn destination(&self) -> IpAddr {
        match *self {
            Self::V4 { destination, .. } => destination.into(),
            Self::V6 { destination, .. } => destination.into(),
        }
    }
}

/// The ports of a packet, as numbers; 0 is one that a packet may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The sender's.
    pub source: u16,
    /// The receiver's.
    pub destination: u16,
}

/// The transport protocol and what its header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp {
        /// Its ports.
        ports: Ports,
        /// The byte of the header that holds the flags, such as [`TCP_SYN`].
        flags: u8,
    },
    /// UDP.
    Udp {
        /// Its ports.
        ports: Ports,
    },
    /// ICMP, or ICMPv6 between IPv6 addresses.
    Icmp {
        /// The message's type.
        kind: u8,
    },
    /// Another protocol, by its number; of its header nothing is known.
    Other(u8),
}

impl Protocol {
    /// The ports, where the protocol has any.
    #[must_use]
    pub fn ports(&self) -> Option<Ports> {
        match *self {
            Self::Tcp { ports, .. } | Self::Udp { ports } => Some(ports),
            Self::Icmp { .. } | Self::Other(_) => None,
        }
    }
}

/// Who a socket belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// The owner of its file, as the user namespace counts that owns the network namespace.
    pub uid: Uid,
    /// The group of its file, counted likewise.
    pub gid: Gid,
    /// Its net_cls class (cgroup v1), if any.
    pub class: Option<Classid>,
    /// The cgroups v2 that it was made in, or below.
    pub cgroups: Vec<Cgroup>,
}

/// A cgroup v2 as `socket cgroupv2` compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cgroup {
    /// Its depth below the root, as the writer of the rule counts it.
    pub level: u32,
    /// The kernel's id of it, in host byte order.
    pub id: u64,
}

/// What connection tracking says of a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// It is the first of a connection.
    #[default]
    New,
    /// It belongs to a connection, which no rule redirected and which has no mark.
    Established,
    /// It belongs to nothing that is known.
    Invalid,
}
