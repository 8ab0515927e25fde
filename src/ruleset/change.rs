//! What has to be written so that the found ruleset becomes the wanted one.

use std::collections::BTreeSet;

use super::{Chain, Expr, Name, Ruleset, Set};

/// The way from what was found to what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// Both act alike: nothing is written.
    Nothing,
    /// Base chains stay where they hang and only their rules are exchanged.
    ///
    /// The kernel looks at its generation once per chain and packet, so a packet meets the old
    /// rules or the new ones. A new base chain in place of an old one would be a second hook of
    /// the same priority, and a packet between the two could meet the old one emptied and the
    /// new one not yet filled.
    Rewrite(Rewrite<'a>),
    /// A base chain changed its hook, or the table its flags: all is taken away and made anew,
    /// still in one transaction.
    ///
    /// The new base chains hang before the commit, still empty, and the old ones after it, empty
    /// by then. A packet that meets the new one before the commit and the old one after it slips
    /// past; where the old one stands in front, it cannot. docs/reliability.md tells how often
    /// that was seen. Policies never ask for this: only somebody else who moved our chains, or
    /// another version of nftdivert.
    Recreate,
}

/// The objects that a rewrite touches, each list in the order of the batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewrite<'a> {
    /// Chains whose rules go.
    pub flush: Vec<&'a Name>,
    /// Chains that go.
    pub delete_chains: Vec<&'a Name>,
    /// Sets that go; also those that come again with other elements.
    pub delete_sets: Vec<&'a Name>,
    /// Sets that come.
    pub add_sets: Vec<&'a Set>,
    /// Chains that come, without their rules.
    pub add_chains: Vec<&'a Chain>,
    /// Chains whose rules come.
    pub fill: Vec<&'a Chain>,
}

impl<'a> Change<'a> {
    /// The smallest change that keeps every untouched set and chain as it is.
    #[must_use]
    pub fn between(wanted: &'a Ruleset, found: &'a Ruleset) -> Self {
        if wanted.flags != found.flags || any_base_changed(wanted, found) {
            return Self::Recreate;
        }
        let rewrite = rewrite(wanted, found);
        if rewrite == Rewrite::default() { Self::Nothing } else { Self::Rewrite(rewrite) }
    }
}

impl<'a> Rewrite<'a> {
    /// The sets that have to be there before the rules which look them up, and nothing else: until
    /// then they do nothing ([`Set::is_published_late`]).
    ///
    /// A set that comes again under its name, which only somebody else who changed its elements can
    /// ask for, goes with the rules.
    #[must_use]
    pub fn sets_ahead(&self) -> Self {
        let is_new = |set: &&Set| !self.delete_sets.contains(&&set.name);
        let late = self.add_sets.iter().copied().filter(|set| set.is_published_late());
        Self { add_sets: late.filter(is_new).collect(), ..Self::default() }
    }
}

fn any_base_changed(wanted: &Ruleset, found: &Ruleset) -> bool {
    wanted
        .chains
        .iter()
        .any(|chain| found.chain(&chain.name).is_some_and(|existing| existing.base != chain.base))
}

fn rewrite<'a>(wanted: &'a Ruleset, found: &'a Ruleset) -> Rewrite<'a> {
    let is_kept = |set: &Set| found.set(&set.name) == Some(set);
    let changed_sets: BTreeSet<&Name> =
        wanted.sets.iter().filter(|set| !is_kept(set)).map(|set| &set.name).collect();
    let is_same = |chain: &Chain| {
        found.chain(&chain.name).is_some_and(|existing| existing.rules == chain.rules)
            && !uses_any(chain, &changed_sets)
    };
    let fill: Vec<&Chain> = wanted.chains.iter().filter(|chain| !is_same(chain)).collect();
    let gone = |chain: &&Chain| wanted.chain(&chain.name).is_none();
    let refilled = |chain: &&Chain| fill.iter().any(|new| new.name == chain.name);
    Rewrite {
        flush: names(
            found
                .chains
                .iter()
                .filter(|chain| !chain.rules.is_empty() && (gone(chain) || refilled(chain))),
        ),
        delete_chains: names(found.chains.iter().filter(gone)),
        delete_sets: found
            .sets
            .iter()
            .filter(|set| wanted.set(&set.name) != Some(set))
            .map(|set| &set.name)
            .collect(),
        add_sets: wanted.sets.iter().filter(|set| !is_kept(set)).collect(),
        add_chains: fill
            .iter()
            .filter(|chain| found.chain(&chain.name).is_none())
            .copied()
            .collect(),
        fill: fill.iter().filter(|chain| !chain.rules.is_empty()).copied().collect(),
    }
}

fn names<'a>(chains: impl Iterator<Item = &'a Chain>) -> Vec<&'a Name> {
    chains.map(|chain| &chain.name).collect()
}

fn uses_any(chain: &Chain, sets: &BTreeSet<&Name>) -> bool {
    chain
        .rules
        .iter()
        .flat_map(|rule| &rule.exprs)
        .any(|expr| matches!(expr, Expr::Lookup { set, .. } if sets.contains(set)))
}
