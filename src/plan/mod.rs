//! From a policy and what is known of the namespace to a ruleset and its effects; pure.

mod few;
mod inbound;
mod outbound;
mod reject6;

use std::net::Ipv6Addr;

use serde::Serialize;

use crate::policy::{CapturePolicy, Counters, Ipv6};
use crate::ruleset::build::{Counted, NFPROTO_IPV6, RuleBuilder};
use crate::ruleset::{Chain, InvalidRuleset, Name, Ruleset, Set};

/// The name of our table, in family `inet`.
pub const TABLE: &str = "nftdivert";

/// The comment by which our table is known to be ours.
pub const TABLE_COMMENT: &str = "managed by nftdivert";

/// What has to be known of a network namespace to plan for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostFacts {
    /// Whether `lo` can hold an IPv6 address.
    pub ipv6: Ipv6Support,
    /// Whether connections live that conntrack has not followed from their start.
    pub untracked_tcp: UntrackedTcp,
}

impl Default for HostFacts {
    /// A fresh pod: IPv6 is there, no connection lives.
    fn default() -> Self {
        Self { ipv6: Ipv6Support::Available, untracked_tcp: UntrackedTcp::None }
    }
}

/// Whether a namespace has IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ipv6Support {
    /// It has.
    Available,
    /// Switched off by `net.ipv6.conf.lo.disable_ipv6`, or the kernel has none.
    Unavailable,
}

/// Whether TCP connections may live whose start conntrack has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum UntrackedTcp {
    /// No TCP socket is in use, or capture was in force when their connections began.
    None,
    /// TCP sockets are in use.
    Some,
}

/// Something outside nf_tables that capture needs, and that can be taken back.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// The passthrough source on `lo`, so that the proxy can dial from it.
    LoopbackAddress(Ipv6Addr),
    /// `net.netfilter.nf_conntrack_tcp_loose=0`: packets of connections that began before are
    /// invalid to conntrack and pass untouched, instead of being captured mid-stream.
    TcpLooseOff,
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LoopbackAddress(address) => write!(f, "address {address}/128 on lo"),
            Self::TcpLooseOff => f.write_str("sysctl net.netfilter.nf_conntrack_tcp_loose=0"),
        }
    }
}

/// What shall be in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Our table.
    pub ruleset: Ruleset,
    /// What else it takes, in the order of doing.
    pub effects: Vec<Effect>,
    /// What a user should know about this plan.
    pub notes: Vec<String>,
}

/// Plans what the policy asks for.
///
/// # Errors
/// [`InvalidRuleset`] if the rules would be refused by the kernel: a defect of this crate, found
/// before anything is touched.
pub fn plan(policy: &CapturePolicy, facts: &HostFacts) -> Result<Plan, InvalidRuleset> {
    let mut build = Build::new(policy);
    outbound::add(&mut build);
    inbound::add(&mut build);
    if policy.ipv6 == Ipv6::Reject {
        reject6::add(&mut build);
    }
    let ruleset = Ruleset {
        table: TABLE.into(),
        comment: Some(TABLE_COMMENT.to_owned()),
        flags: 0,
        sets: build.sets,
        chains: build.chains,
    };
    let (effects, notes) = effects(policy, facts);
    Ok(Plan { ruleset: ruleset.validated()?, effects, notes })
}

fn effects(policy: &CapturePolicy, facts: &HostFacts) -> (Vec<Effect>, Vec<String>) {
    let mut effects = Vec::new();
    let mut notes = Vec::new();
    if policy.ipv6 == Ipv6::Capture {
        match facts.ipv6 {
            Ipv6Support::Available => {
                effects.push(Effect::LoopbackAddress(policy.proxy.passthrough.ipv6));
            }
            Ipv6Support::Unavailable => notes.push(
                "the namespace has no IPv6: its rules are written, the passthrough source on lo \
                 is not"
                    .to_owned(),
            ),
        }
    }
    if facts.untracked_tcp == UntrackedTcp::Some {
        effects.push(Effect::TcpLooseOff);
    }
    (effects, notes)
}

/// What the rooms of planning build together.
struct Build<'a> {
    policy: &'a CapturePolicy,
    sets: Vec<Set>,
    chains: Vec<Chain>,
}

impl<'a> Build<'a> {
    fn new(policy: &'a CapturePolicy) -> Self {
        Self { policy, sets: Vec::new(), chains: Vec::new() }
    }

    /// A rule that comes from `setting`.
    fn rule(&self, setting: &'static str) -> RuleBuilder {
        let counted = match self.policy.counters {
            Counters::Off => Counted::No,
            Counters::On => Counted::Yes,
        };
        RuleBuilder::new(setting, counted)
    }

    /// Adds a set and gives its name for the rules that look it up.
    fn set(&mut self, set: Set) -> Name {
        let name = set.name.clone();
        if !self.sets.iter().any(|existing| existing.name == name) {
            self.sets.push(set);
        }
        name
    }

    /// Lets IPv6 pass a nat chain where it is not captured.
    fn pass_ipv6(&self) -> Option<crate::ruleset::Rule> {
        match self.policy.ipv6 {
            Ipv6::Capture => None,
            Ipv6::Bypass | Ipv6::Reject => Some(self.rule("ipv6").nfproto(NFPROTO_IPV6).accept()),
        }
    }

    fn captures_ipv6(&self) -> bool {
        self.policy.ipv6 == Ipv6::Capture
    }
}
