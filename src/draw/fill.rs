//! Makes a picture's values of a ruleset.

use std::collections::BTreeSet;

use super::chains::Chains;
use super::drawing::{Block, BlockKind, Drawing, Leg, Row, Stop, Way};
use super::outcome::outcome;
use super::sets::sets;
use super::text::clean;
use crate::ruleset::{
    BaseChain, Chain, ChainType, Hook, Rule, Ruleset, base_place_text, rule_text,
};

/// More rules than this are shown in part: so many of the first, and so many of the last, which
/// decide.
const MOST: usize = 40;
const FIRST: usize = 24;
const LAST: usize = 12;

pub(super) fn drawing(ruleset: &Ruleset) -> Drawing {
    let mut fill = Fill { ruleset, chains: Chains::new(ruleset), drawn: BTreeSet::new() };
    let incoming = fill.incoming();
    let mut outgoing = fill.outgoing();
    // What no hook leads to must not be missing.
    let rest = (0..ruleset.chains.len()).filter(|id| !fill.drawn.contains(id)).collect::<Vec<_>>();
    outgoing.called.extend(rest.into_iter().filter_map(|id| fill.block(id)));
    let (sets, sets_left_out) = sets(ruleset);
    Drawing {
        table: clean(&ruleset.table),
        rules: ruleset.rules().count(),
        chains: ruleset.chains.len(),
        ways: vec![incoming, outgoing],
        sets,
        sets_left_out,
    }
}

struct Fill<'a> {
    ruleset: &'a Ruleset,
    chains: Chains<'a>,
    drawn: BTreeSet<usize>,
}

impl Fill<'_> {
    fn incoming(&mut self) -> Way {
        let mut stops = self.hooks(|hook| matches!(hook, Hook::Other(_)));
        stops.extend(self.tracked(Hook::Prerouting));
        stops.push(Stop::Kernel("routing"));
        stops.extend(self.hooks(|hook| hook == Hook::Input));
        let mut legs = vec![Leg { start: "a packet comes in", stops, end: "to its socket" }];
        let forwarded = self.hooks(|hook| hook == Hook::Forward);
        if !forwarded.is_empty() {
            legs.push(Leg { start: "what passes through", stops: forwarded, end: "it leaves" });
        }
        self.way("coming in", legs)
    }

    fn outgoing(&mut self) -> Way {
        let mut stops = self.tracked(Hook::Output);
        stops.extend(self.hooks(|hook| hook == Hook::Postrouting));
        let end = "it leaves; by lo it comes in again";
        self.way("going out", vec![Leg { start: "a process sends a packet", stops, end }])
    }

    fn way(&mut self, title: &'static str, legs: Vec<Leg>) -> Way {
        let bases = legs.iter().flat_map(|leg| &leg.stops).filter_map(|stop| match stop {
            Stop::Chain(block) => Some(block.id),
            Stop::Kernel(_) => None,
        });
        let below: Vec<usize> = bases.flat_map(|id| self.chains.below(id)).collect();
        let called = below.into_iter().filter_map(|id| self.block(id)).collect();
        Way { title, legs, called }
    }

    /// The base chains of a hook, with connection tracking where it stands among them.
    fn tracked(&mut self, hook: Hook) -> Vec<Stop> {
        let ruleset = self.ruleset;
        let (before, after): (Vec<_>, Vec<_>) =
            ruleset.base_chains(hook).into_iter().partition(|(_, base)| base.precedes_tracking());
        let mut stops = self.stops(&before);
        stops.push(Stop::Kernel("connection tracking"));
        stops.extend(self.stops(&after));
        stops
    }

    fn hooks(&mut self, is_meant: impl Fn(Hook) -> bool) -> Vec<Stop> {
        let ruleset = self.ruleset;
        let mut hooks: Vec<Hook> = Vec::new();
        for base in ruleset.chains.iter().filter_map(|chain| chain.base.as_ref()) {
            if is_meant(base.hook()) && !hooks.contains(&base.hook()) {
                hooks.push(base.hook());
            }
        }
        hooks.into_iter().flat_map(|hook| self.stops(&ruleset.base_chains(hook))).collect()
    }

    fn stops(&mut self, chains: &[(&Chain, &BaseChain)]) -> Vec<Stop> {
        let place = |chain: &&Chain| {
            self.ruleset.chains.iter().position(|other| std::ptr::eq(other, *chain))
        };
        let ids: Vec<usize> = chains.iter().filter_map(|(chain, _)| place(chain)).collect();
        ids.into_iter().filter_map(|id| self.block(id)).map(Stop::Chain).collect()
    }

    /// A chain that is not drawn yet.
    fn block(&mut self, id: usize) -> Option<Block> {
        let chain = self.ruleset.chains.get(id)?;
        if !self.drawn.insert(id) {
            return None;
        }
        let kind = chain.base.as_ref().map_or(BlockKind::Called, |base| match base.kind() {
            ChainType::Filter | ChainType::Other(_) => BlockKind::Filter,
            ChainType::Nat => BlockKind::Nat,
            ChainType::Route => BlockKind::Route,
        });
        let place = match &chain.base {
            Some(base) => base_place_text(base),
            None => called_text(&self.chains.callers(id)),
        };
        Some(Block {
            id,
            name: clean(&chain.name),
            place: clean(&place),
            kind,
            rows: self.rows(id, &chain.rules),
            otherwise: self.chains.ends(id),
        })
    }

    fn rows(&self, id: usize, rules: &[Rule]) -> Vec<Row> {
        let row = |rule: &Rule| Row::Rule {
            // A plan has counted nothing yet.
            text: clean(&rule_text(rule).replace("counter packets 0 bytes 0", "counter")),
            setting: rule.setting,
            outcome: outcome(&self.chains, id, rule),
        };
        if rules.len() <= MOST {
            return rules.iter().map(row).collect();
        }
        let (first, rest) = rules.split_at(FIRST);
        let (hidden, last) = rest.split_at(rest.len() - LAST);
        let hidden = std::iter::once(Row::LeftOut(hidden.len()));
        first.iter().map(row).chain(hidden).chain(last.iter().map(row)).collect()
    }
}

fn called_text(callers: &[&str]) -> String {
    if callers.is_empty() {
        "not called".to_owned()
    } else {
        format!("from {}", callers.join(", "))
    }
}
