//! What a probe may find out, and how it is tried.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Serialize, Serializer};

use crate::words::IpFamily;

/// Something about capture that a process inside may find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// A connection that leaves the pod.
    Outbound(IpFamily),
    /// A name query.
    Dns(IpFamily, Transport),
    /// A call of the proxy to an address of its own pod.
    SelfCall(IpFamily),
    /// A call of the app to an address of its own pod.
    OwnAddress(IpFamily),
    /// A call to the loopback address.
    Loopback(IpFamily),
    /// What the proxy dials from the passthrough source.
    Passthrough(IpFamily),
    /// A connection that comes in.
    Inbound,
}

/// By what a name query is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In one datagram.
    Udp,
    /// In a connection.
    Tcp,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outbound(family) => write!(f, "outbound {family}"),
            Self::Dns(family, Transport::Udp) => write!(f, "DNS over UDP {family}"),
            Self::Dns(family, Transport::Tcp) => write!(f, "DNS over TCP {family}"),
            Self::SelfCall(family) => write!(f, "proxy's self-call {family}"),
            Self::OwnAddress(family) => write!(f, "own address {family}"),
            Self::Loopback(family) => write!(f, "loopback {family}"),
            Self::Passthrough(family) => write!(f, "passthrough {family}"),
            Self::Inbound => f.write_str("inbound"),
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing to send, and what should become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    pub(super) check: Check,
    /// The source address, where it is not the kernel's choice.
    pub(super) from: Option<IpAddr>,
    pub(super) to: SocketAddr,
    pub(super) expected: Expected,
}

/// What should become of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// It comes to this port of the proxy, by a rewritten destination.
    Captured(u16),
    /// TPROXY hands it to this port, where no transparent socket listens: it is refused, though
    /// the probe listens where it was sent. Which port the rule names does not show.
    Steered(u16),
    /// It comes where it was sent.
    Direct,
    /// A rule refuses it.
    Refused,
}

impl Check {
    /// By what it is sent.
    pub(super) fn transport(self) -> Transport {
        match self {
            Self::Dns(_, transport) => transport,
            Self::Outbound(_)
            | Self::SelfCall(_)
            | Self::OwnAddress(_)
            | Self::Loopback(_)
            | Self::Passthrough(_)
            | Self::Inbound => Transport::Tcp,
        }
    }
}

impl Trial {
    /// The family of its addresses.
    pub(super) fn family(&self) -> IpFamily {
        family_of(self.to.ip())
    }
}

pub(super) fn family_of(address: IpAddr) -> IpFamily {
    match address {
        IpAddr::V4(_) => IpFamily::V4,
        IpAddr::V6(_) => IpFamily::V6,
    }
}
