//! Typed nf_tables objects, their nft text, and the difference between two rulesets; pure.

pub mod build;
mod chain;
mod change;
mod diff;
mod expr;
mod order;
mod set;
mod text;
mod validate;

pub use chain::{BaseChain, Chain, ChainType, Hook, IllegalBaseChain, Policy, Rule};
pub use change::{Change, Rewrite};
pub use diff::{Difference, differences};
pub use expr::{
    CmpOp, Count, CtKey, Expr, ICMPX_ADMIN_PROHIBITED, MetaKey, PayloadBase, Reg, RejectType,
    Verdict,
};
pub use set::{Interval, Key, KeyType, Set, SetFlags};
pub use text::{
    base_place_text, chain_head_text, element_texts, elements_text, rule_text, ruleset_text,
    set_head_text,
};
pub use validate::InvalidRuleset;

use std::borrow::Cow;

/// The name of a chain, set or table; ours are known when compiling, others are read.
pub type Name = Cow<'static, str>;

/// One `inet` table with everything in it.
///
/// A value of this type may have been read from the kernel and hold anything the kernel holds;
/// [`Ruleset::validated`] is the gate for what is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruleset {
    /// The table's name.
    pub table: Name,
    /// The table's comment (`NFTNL_UDATA_TABLE_COMMENT`, Linux 5.10).
    pub comment: Option<String>,
    /// The table's flags (`enum nft_table_flags`); 0 unless somebody set one.
    pub flags: u32,
    /// Named sets, in the order of creation.
    pub sets: Vec<Set>,
    /// Chains, in the order of creation.
    pub chains: Vec<Chain>,
}

impl Ruleset {
    /// The chain of that name.
    #[must_use]
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }

    /// The set of that name.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// The same with those of `sets` that it has none of the name of.
    #[must_use]
    pub fn with_sets<'a>(mut self, sets: impl IntoIterator<Item = &'a Set>) -> Self {
        for set in sets {
            if self.set(&set.name).is_none() {
                self.sets.push(set.clone());
            }
        }
        self
    }

    /// All rules of all chains.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.chains.iter().flat_map(|chain| chain.rules.iter())
    }

    /// Whether a rule hands packets to a local socket as they are.
    #[must_use]
    pub fn steers(&self) -> bool {
        self.rules().any(Rule::steers)
    }

    /// How many expressions all rules have together: what a commit costs and the kernel keeps.
    #[must_use]
    pub fn expression_count(&self) -> usize {
        self.rules().map(|rule| rule.exprs.len()).sum()
    }
}
