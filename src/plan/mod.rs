//! From a policy and what is known of the namespace to a ruleset and its effects; pure.

mod dns;
mod effect;
mod error;
mod facts;
mod fast;
mod few;
mod inbound;
mod loopback;
mod naming;
mod outbound;
mod overlap;
mod owners;
mod proxy;
mod reject6;
mod tproxy;

use crate::policy::{CapturePolicy, Counters, Ipv6};
use crate::ruleset::build::{Counted, NFPROTO_IPV6, RuleBuilder};
use crate::ruleset::{BaseChain, Chain, Name, Rule, Ruleset, Set};

pub use effect::{Effect, KeepMarks};
pub use error::PlanError;
pub use facts::{CgroupMatch, HostFacts, Ipv6Support, UntrackedTcp};
pub use overlap::overlap;

/// The name of our table, in family `inet`.
pub const TABLE: &str = "nftdivert";

/// The comment by which our table is known to be ours.
pub const TABLE_COMMENT: &str = "managed by nftdivert";

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
/// The policy names an id, a cgroup or servers that the facts do not have; or the rules would be
/// refused by the kernel, which is a defect of this crate.
pub fn plan(policy: &CapturePolicy, facts: &HostFacts) -> Result<Plan, PlanError> {
    let mut build = Build::new(policy, facts);
    dns::add(&mut build)?;
    outbound::add(&mut build);
    loopback::add_notrack(&mut build);
    inbound::add(&mut build);
    tproxy::add(&mut build);
    tproxy::add_restored(&mut build);
    fast::add(&mut build);
    if policy.ipv6 == Ipv6::Reject {
        reject6::add(&mut build);
    }
    if let Some(error) = build.error {
        return Err(error);
    }
    // In the order in which they come to be.
    build.sets.sort_by_key(|set| !set.is_published_late());
    let ruleset = Ruleset {
        table: TABLE.into(),
        comment: Some(TABLE_COMMENT.to_owned()),
        flags: 0,
        sets: build.sets,
        chains: build.chains,
    };
    let (effects, notes) = effect::effects(policy, facts);
    Ok(Plan { ruleset: ruleset.validated()?, effects, notes })
}

/// What the rooms of planning build together.
struct Build<'a> {
    policy: &'a CapturePolicy,
    facts: &'a HostFacts,
    sets: Vec<Set>,
    chains: Vec<Chain>,
    /// The first thing that can't be planned.
    error: Option<PlanError>,
}

impl<'a> Build<'a> {
    fn new(policy: &'a CapturePolicy, facts: &'a HostFacts) -> Self {
        Self { policy, facts, sets: Vec::new(), chains: Vec::new(), error: None }
    }

    /// Adds a chain.
    fn chain(&mut self, name: &'static str, base: Option<BaseChain>, rules: Vec<Rule>) {
        self.chains.push(Chain { name: name.into(), base, comment: None, rules });
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
    fn set(&mut self, mut set: Set) -> Name {
        if set.is_published_late() {
            set.name = naming::by_elements(&set);
        }
        let name = set.name.clone();
        if !self.sets.iter().any(|existing| existing.name == name) {
            self.sets.push(set);
        }
        name
    }

    /// Lets IPv6 pass a chain where it is not captured.
    fn pass_ipv6(&self) -> Option<Rule> {
        match self.policy.ipv6 {
            Ipv6::Capture => None,
            Ipv6::Bypass | Ipv6::Reject => Some(self.rule("ipv6").nfproto(NFPROTO_IPV6).accept()),
        }
    }

    fn captures_ipv6(&self) -> bool {
        self.policy.ipv6 == Ipv6::Capture
    }
}
