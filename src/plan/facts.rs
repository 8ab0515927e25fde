//! What has to be known of a network namespace to plan for it.

use std::net::IpAddr;

use serde::Serialize;

use crate::words::IdMaps;

/// What has to be known of a network namespace to plan for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostFacts {
    /// Whether `lo` can hold an IPv6 address.
    pub ipv6: Ipv6Support,
    /// Whether connections live that conntrack has not followed from their start.
    pub untracked_tcp: UntrackedTcp,
    /// The name servers of the pod's `/etc/resolv.conf`; needed if the policy asks for them.
    pub name_servers: Vec<IpAddr>,
    /// The cgroup that the policy names, as the kernel knows it; needed if it names one.
    pub cgroup: Option<CgroupMatch>,
    /// Marks that connections were given when TPROXY handed them over, and that live connections
    /// still need.
    pub saved_marks: Vec<u32>,
    /// The pod's user and group ids as rules count them.
    pub ids: IdMaps,
}

/// Whether a namespace has IPv6.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ipv6Support {
    /// It has.
    #[default]
    Available,
    /// Switched off by `net.ipv6.conf.lo.disable_ipv6`, or the kernel has none.
    Unavailable,
}

/// Whether TCP connections may live whose start conntrack has not seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum UntrackedTcp {
    /// No TCP socket is in use, or capture was in force when their connections began.
    #[default]
    None,
    /// TCP sockets are in use.
    Some,
}

/// A cgroup v2 as `socket cgroupv2` compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CgroupMatch {
    /// The kernel's id of the cgroup: the inode of its directory.
    pub id: u64,
    /// Its depth below the root, as the writer of the rule counts it.
    pub level: u32,
}
