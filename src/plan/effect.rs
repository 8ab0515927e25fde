//! What capture needs outside of nf_tables.

use std::net::Ipv6Addr;

use crate::policy::{CapturePolicy, InboundMode, Ipv6};
use crate::words::{IpFamily, MarkRoute};

use super::{HostFacts, Ipv6Support, UntrackedTcp};

/// Something outside nf_tables that capture needs, and that can be taken back.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The passthrough source on `lo`, so that the proxy can dial from it.
    LoopbackAddress(Ipv6Addr),
    /// `net.netfilter.nf_conntrack_tcp_loose=0`: packets of connections that began before are
    /// invalid to conntrack and pass untouched, instead of being captured mid-stream.
    TcpLooseOff,
    /// Routing that keeps marked packets in the namespace.
    MarkRoute(MarkRoute),
    /// Marks that live on without connection tracking.
    KeepMarks(KeepMarks),
}

/// A setting that makes the kernel answer with the mark of what it answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeepMarks {
    /// `net.ipv4.tcp_fwmark_accept=1`: an accepted connection has the mark of its first packet, of
    /// both families.
    Accepted,
    /// `net.ipv4.fwmark_reflect=1`: a refusal has the mark of what it refuses.
    ReflectedV4,
    /// `net.ipv6.fwmark_reflect=1`.
    ReflectedV6,
}

impl std::fmt::Display for KeepMarks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Accepted => "net.ipv4.tcp_fwmark_accept",
            Self::ReflectedV4 => "net.ipv4.fwmark_reflect",
            Self::ReflectedV6 => "net.ipv6.fwmark_reflect",
        })
    }
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LoopbackAddress(address) => write!(f, "address {address}/128 on lo"),
            Self::TcpLooseOff => f.write_str("sysctl net.netfilter.nf_conntrack_tcp_loose=0"),
            Self::MarkRoute(route) => route.fmt(f),
            Self::KeepMarks(setting) => write!(f, "sysctl {setting}=1"),
        }
    }
}

/// The effects in the order of doing, and what a user should know about them.
pub(super) fn effects(policy: &CapturePolicy, facts: &HostFacts) -> (Vec<Effect>, Vec<String>) {
    let mut effects = Vec::new();
    let mut notes = Vec::new();
    let captures_ipv6 = policy.ipv6 == Ipv6::Capture;
    let has_ipv6 = captures_ipv6 && facts.ipv6 == Ipv6Support::Available;
    if has_ipv6 {
        effects.push(Effect::LoopbackAddress(policy.proxy.passthrough.ipv6));
    } else if captures_ipv6 {
        notes.push(
            "the namespace has no IPv6: its rules are written, the passthrough source on lo is not"
                .to_owned(),
        );
    }
    let families: &[IpFamily] =
        if has_ipv6 { &[IpFamily::V4, IpFamily::V6] } else { &[IpFamily::V4] };
    effects.extend(of_mode(policy, families));
    // What is kept out of connection tracking would be taken for new as soon as one of its packets
    // is not: the answers to a direct connection, for one, of which conntrack sees one way.
    let leaves_out = policy.inbound.mode == InboundMode::TproxyFast;
    if facts.untracked_tcp == UntrackedTcp::Some || leaves_out {
        effects.push(Effect::TcpLooseOff);
    }
    (effects, notes)
}

/// Without connection tracking a mark must live on in what answers to it.
fn of_mode(policy: &CapturePolicy, families: &[IpFamily]) -> Vec<Effect> {
    if policy.inbound.mode == InboundMode::Redirect {
        return Vec::new();
    }
    let (mark, table) = (policy.inbound.tproxy.mark, policy.inbound.tproxy.table);
    let mut effects = Vec::new();
    if policy.inbound.mode == InboundMode::TproxyFast {
        effects.push(Effect::KeepMarks(KeepMarks::Accepted));
        effects.extend(families.iter().map(|family| {
            Effect::KeepMarks(match family {
                IpFamily::V4 => KeepMarks::ReflectedV4,
                IpFamily::V6 => KeepMarks::ReflectedV6,
            })
        }));
    }
    let route = |family: &IpFamily| Effect::MarkRoute(MarkRoute { family: *family, mark, table });
    effects.extend(families.iter().map(route));
    effects
}
