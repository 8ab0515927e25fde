//! The table that has packets traced.

use std::net::IpAddr;

use super::headers::ICMP;
use crate::ruleset::build::{
    Counted, ICMPV6, NFPROTO_IPV4, NFPROTO_IPV6, RuleBuilder, Side, TCP, UDP,
};
use crate::ruleset::{BaseChain, Chain, ChainType, Hook, MetaKey, Name, Policy, Rule, Ruleset};
use crate::words::{Cidr, Port};

/// The table's name; while it is there, a trace runs.
pub const TRACE_TABLE: &str = "nftdivert-trace";

/// `NFT_TABLE_F_OWNER` (Linux 5.12): only the socket that made the table may change it, and the
/// table ends with the socket, however the process ends.
const OWNED: u32 = 2;
/// Behind the joining of fragments (-400), whose ports are known then, and in front of all that
/// usually hangs on these hooks (raw, -300).
const FIRST: i32 = -390;
/// Behind destination NAT (-100): what the packet says here is where it goes.
const REWRITTEN: i32 = -90;

/// Where packets that come in begin.
pub(super) const CAME: &str = "came";
/// Where packets that are sent begin.
pub(super) const SENT: &str = "sent";
const CAME_REWRITTEN: &str = "came_rewritten";
const SENT_REWRITTEN: &str = "sent_rewritten";

/// Transport protocols that are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP and ICMPv6.
    Icmp,
    /// Every protocol; with a port, those that have ports.
    All,
}

/// Which packets are traced: those for which all holds that is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// The transport protocol.
    pub transport: Transport,
    /// Where they come from.
    pub from: Option<Cidr>,
    /// Where they go.
    pub to: Option<Cidr>,
    /// The port that they come from.
    pub source_port: Option<Port>,
    /// The port to which they go.
    pub port: Option<Port>,
    /// The owner of the socket that sends them, as rules count owners.
    pub uid: Option<u32>,
}

/// A filter that no packet can pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Source and destination are of two families.
    #[error("{from} and {to} are of two families; no packet goes from one to the other")]
    Families {
        /// The source.
        from: Cidr,
        /// The destination.
        to: Cidr,
    },
    /// ICMP has no ports.
    #[error("icmp has no ports; leave the port out, or trace tcp or udp")]
    IcmpPort,
}

/// The table that has packets traced which pass the filter. Those that are sent are looked at by
/// the owner of their socket too, which packets that come in do not have.
///
/// # Errors
/// The filter contradicts itself.
pub fn trace_table(filter: &Filter, comment: &str) -> Result<Ruleset, Mismatch> {
    filter.check()?;
    let chain = |name: &'static str, hook, priority, rules| Chain {
        name: Name::from(name),
        base: BaseChain::new(ChainType::Filter, hook, priority, Policy::Accept).ok(),
        comment: None,
        rules,
    };
    let came = if filter.uid.is_some() { Vec::new() } else { filter.rules() };
    Ok(Ruleset {
        table: TRACE_TABLE.into(),
        comment: Some(comment.to_owned()),
        flags: OWNED,
        sets: Vec::new(),
        chains: vec![
            chain(CAME, Hook::Prerouting, FIRST, came),
            chain(SENT, Hook::Output, FIRST, filter.rules()),
            chain(CAME_REWRITTEN, Hook::Prerouting, REWRITTEN, Vec::new()),
            chain(SENT_REWRITTEN, Hook::Output, REWRITTEN, Vec::new()),
        ],
    })
}

impl Filter {
    fn check(&self) -> Result<(), Mismatch> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from.first().is_ipv4() != to.first().is_ipv4()
        {
            return Err(Mismatch::Families { from, to });
        }
        let has_port = self.port.is_some() || self.source_port.is_some();
        if has_port && self.transport == Transport::Icmp {
            return Err(Mismatch::IcmpPort);
        }
        Ok(())
    }

    fn rules(&self) -> Vec<Rule> {
        let has_port = self.port.is_some() || self.source_port.is_some();
        let of = |protocol| self.rule(|rule| rule.l4proto(protocol));
        match self.transport {
            Transport::Tcp => vec![of(TCP)],
            Transport::Udp => vec![of(UDP)],
            Transport::All if has_port => vec![of(TCP), of(UDP)],
            Transport::All => vec![self.rule(|rule| rule)],
            Transport::Icmp => vec![
                self.rule(|rule| rule.nfproto(NFPROTO_IPV4).l4proto(ICMP)),
                self.rule(|rule| rule.nfproto(NFPROTO_IPV6).l4proto(ICMPV6)),
            ],
        }
    }

    fn rule(&self, transport: impl FnOnce(RuleBuilder) -> RuleBuilder) -> Rule {
        let mut rule = RuleBuilder::new("trace", Counted::No);
        if let Some(uid) = self.uid {
            rule = rule.id(MetaKey::SkUid, uid);
        }
        for (side, range) in [(Side::Source, self.from), (Side::Destination, self.to)] {
            if let Some(range) = range {
                rule = within(rule, side, range);
            }
        }
        rule = transport(rule);
        if let Some(port) = self.source_port {
            rule = rule.sport_between(port.get(), port.get());
        }
        if let Some(port) = self.port {
            rule = rule.dport_between(port.get(), port.get());
        }
        rule.trace()
    }
}

fn within(rule: RuleBuilder, side: Side, range: Cidr) -> RuleBuilder {
    match range.first() {
        IpAddr::V4(first) => rule.ip4_prefix(side, first, range.prefix_len()),
        IpAddr::V6(first) => rule.ip6_prefix(side, first, range.prefix_len()),
    }
}

/// Whether a chain of the trace's own table is the one where packets begin.
pub(super) fn begins(chain: &str) -> bool {
    [CAME, SENT].contains(&chain)
}

/// The hook where a chain of the trace's own table hangs.
pub(super) fn hook(chain: &str) -> Option<Hook> {
    match chain {
        CAME | CAME_REWRITTEN => Some(Hook::Prerouting),
        SENT | SENT_REWRITTEN => Some(Hook::Output),
        _ => None,
    }
}
