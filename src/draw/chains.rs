//! Which chains lead where: who calls a chain, whether it may capture, and how it ends.

use std::collections::BTreeSet;

use super::drawing::{Call, Outcome};
use crate::ruleset::{Chain, Expr, Policy, Rule, Ruleset, Verdict};

/// The calls between the chains of a ruleset; a chain is its place in it.
pub(super) struct Chains<'a> {
    ruleset: &'a Ruleset,
    calls: BTreeSet<(usize, usize, bool)>,
    deciding: BTreeSet<usize>,
}

impl<'a> Chains<'a> {
    pub(super) fn new(ruleset: &'a Ruleset) -> Self {
        let mut chains = Self { ruleset, calls: BTreeSet::new(), deciding: BTreeSet::new() };
        for (from, chain) in ruleset.chains.iter().enumerate() {
            let calls = chain.rules.iter().filter_map(call);
            let found = calls
                .filter_map(|(name, call)| Some((from, chains.find(name)?, call == Call::Jump)));
            let found: Vec<_> = found.collect();
            chains.calls.extend(found);
        }
        for (base, _) in ruleset.chains.iter().enumerate().filter(|(_, chain)| chain.base.is_some())
        {
            let below = chains.below(base);
            let captures = |id: &usize| ruleset.chains.get(*id).is_some_and(may_capture);
            if below.iter().any(captures) {
                chains.deciding.extend(below);
            }
        }
        chains
    }

    /// The chain of that name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.ruleset.chains.iter().position(|chain| chain.name == name)
    }

    /// Whether a base chain that captures leads to it, or it is one.
    pub(super) fn is_deciding(&self, id: usize) -> bool {
        self.deciding.contains(&id)
    }

    /// A chain and those that it leads to, in the order in which they are called first.
    pub(super) fn below(&self, id: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            if found.contains(&id) {
                continue;
            }
            found.push(id);
            let rules = self.ruleset.chains.get(id).map(|chain| chain.rules.as_slice());
            let calls = rules.unwrap_or_default().iter().filter_map(call);
            let next: Vec<usize> = calls.filter_map(|(name, _)| self.find(name)).collect();
            waiting.extend(next.into_iter().rev());
        }
        found
    }

    /// The names of the chains that call it.
    pub(super) fn callers(&self, id: usize) -> Vec<&'a str> {
        let ids: BTreeSet<usize> =
            self.calls.iter().filter(|(_, to, _)| *to == id).map(|(from, ..)| *from).collect();
        let named = |id: usize| self.ruleset.chains.get(id).map(|chain| &*chain.name);
        ids.into_iter().filter_map(named).collect()
    }

    /// What becomes of a packet that no rule of the chain decides: what is jumped to returns, and
    /// what is gone to ends as the chain that went there.
    pub(super) fn ends(&self, id: usize) -> Vec<Outcome> {
        let mut ends = Vec::new();
        self.add_ends(id, &mut BTreeSet::new(), &mut ends);
        ends
    }

    fn add_ends(&self, id: usize, seen: &mut BTreeSet<usize>, ends: &mut Vec<Outcome>) {
        let Some(chain) = self.ruleset.chains.get(id).filter(|_| seen.insert(id)) else { return };
        let mut add = |end| {
            if !ends.contains(&end) {
                ends.push(end);
            }
        };
        match chain.base.as_ref().map(|base| base.policy()) {
            Some(Policy::Drop) => add(Outcome::Dropped),
            Some(Policy::Accept) => add(self.passed(id)),
            None => {}
        }
        for (from, _, comes_back) in self.calls.iter().filter(|(_, to, _)| *to == id) {
            match comes_back {
                true if ends.contains(&Outcome::Returns) => {}
                true => ends.push(Outcome::Returns),
                false => self.add_ends(*from, seen, ends),
            }
        }
    }

    /// What it means that a chain lets a packet pass.
    pub(super) fn passed(&self, id: usize) -> Outcome {
        if self.is_deciding(id) { Outcome::Direct } else { Outcome::GoesOn }
    }
}

/// The chain that a rule goes on in.
pub(super) fn call(rule: &Rule) -> Option<(&str, Call)> {
    rule.exprs.iter().find_map(|expr| {
        let Expr::Verdict(verdict) = expr else { return None };
        match verdict {
            Verdict::Jump(name) => Some((name.as_ref(), Call::Jump)),
            Verdict::Goto(name) => Some((name.as_ref(), Call::Goto)),
            Verdict::Accept | Verdict::Drop | Verdict::Return | Verdict::Other(_) => None,
        }
    })
}

fn may_capture(chain: &Chain) -> bool {
    chain.rules.iter().any(|rule| rule.redirects() || rule.steers())
}
