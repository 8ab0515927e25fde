//! The rules of a namespace by their handles.

use std::collections::BTreeMap;

use crate::ruleset::{ChainType, Expr, Hook, Name, Rule, Ruleset};

/// A rule as the kernel lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRule {
    /// Its table in the words of nft.
    pub table: String,
    /// Its chain.
    pub chain: String,
    /// What events call it; never used twice in a table.
    pub handle: u64,
    /// Its number in its chain, from 1.
    pub number: usize,
    /// The rule.
    pub rule: Rule,
}

/// The rules of a namespace, and which table is ours.
#[derive(Debug, Clone, Default)]
pub struct KnownRules {
    rules: BTreeMap<(String, u64), KnownRule>,
    own_table: String,
    nat_chains: Vec<(Hook, Name)>,
    ports: Vec<u16>,
}

impl KnownRules {
    /// The rules of all tables, and our own table as it was read, if there is one.
    #[must_use]
    pub fn new(rules: Vec<KnownRule>, own_table: String, own: Option<&Ruleset>) -> Self {
        let chains = own.map(|ruleset| ruleset.chains.as_slice()).unwrap_or_default();
        let nat_chains = chains.iter().filter_map(|chain| {
            let base = chain.base.as_ref().filter(|base| *base.kind() == ChainType::Nat)?;
            Some((base.hook(), chain.name.clone()))
        });
        let ports = own.into_iter().flat_map(Ruleset::rules).filter_map(captured_to);
        Self {
            nat_chains: nat_chains.collect(),
            ports: ports.collect(),
            rules: rules
                .into_iter()
                .map(|rule| ((rule.table.clone(), rule.handle), rule))
                .collect(),
            own_table,
        }
    }

    /// The rule that an event tells of.
    #[must_use]
    pub fn find(&self, table: &str, handle: u64) -> Option<&KnownRule> {
        self.rules.get(&(table.to_owned(), handle))
    }

    pub(super) fn is_own(&self, table: &str) -> bool {
        self.own_table == table
    }

    /// Our nat chains on a hook.
    pub(super) fn nat_chains(&self, hook: Hook) -> impl Iterator<Item = &Name> {
        self.nat_chains.iter().filter(move |(on, _)| *on == hook).map(|(_, name)| name)
    }

    pub(super) fn captures_to(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }
}

/// The port to which a rule captures.
fn captured_to(rule: &Rule) -> Option<u16> {
    let mut constant = None;
    for expr in &rule.exprs {
        if let Expr::Immediate { data, .. } = expr {
            constant = data.as_slice().try_into().ok().map(u16::from_be_bytes);
        }
        if matches!(expr, Expr::Redirect { .. } | Expr::Tproxy { .. }) {
            return constant;
        }
    }
    None
}
