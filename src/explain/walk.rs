//! The way of a packet through the hooks, the base chains on them, and the chains below.

use std::ops::ControlFlow;

use super::flow::Flow;
use super::packet::{Packet, Way};
use super::registers::Registers;
use super::rule::evaluate;
use super::step::{Effect, Explanation, Matched, Step, Verdict};
use crate::ruleset::{BaseChain, Chain, ChainType, Hook, Policy, Rule, Ruleset, rule_text};

/// More chains than a packet can enter in rulesets that the kernel takes in practice; one that
/// leads back to itself would have no end.
const MOST_ENTRIES: usize = 100_000;
/// `NFT_TABLE_F_DORMANT`: the table is switched off.
const DORMANT: u32 = 1;

/// Whether a base chain let the packet go on; if not, what became of it.
type Going = ControlFlow<Verdict>;

pub(super) fn walk(ruleset: &Ruleset, packet: &Packet) -> Explanation {
    let flow = Flow::new(packet);
    let mut walk = Walk { ruleset, flow, steps: Vec::new(), captured: None, entries: 0 };
    let verdict = match walk.hooks(packet) {
        ControlFlow::Break(verdict) => verdict,
        ControlFlow::Continue(()) => walk.captured.unwrap_or(Verdict::Direct),
    };
    Explanation { verdict, steps: walk.steps }
}

struct Walk<'a> {
    ruleset: &'a Ruleset,
    flow: Flow<'a>,
    steps: Vec<Step>,
    captured: Option<Verdict>,
    entries: usize,
}

/// Where a jump came from: its chain, and the number of the rule that follows.
struct Place<'a> {
    chain: &'a Chain,
    next: usize,
}

impl<'a> Walk<'a> {
    fn hooks(&mut self, packet: &Packet) -> Going {
        if self.ruleset.flags & DORMANT != 0 {
            return Going::Continue(());
        }
        if matches!(packet.way, Way::Out { .. }) {
            self.hook(Hook::Output)?;
            self.hook(Hook::Postrouting)?;
            if !self.flow.leaves_by_lo() {
                return Going::Continue(());
            }
        }
        self.hook(Hook::Prerouting)?;
        self.hook(Hook::Input)
    }

    fn hook(&mut self, hook: Hook) -> Going {
        self.flow.enter(hook);
        let tracks = matches!(hook, Hook::Prerouting | Hook::Output);
        for (chain, base) in self.ruleset.base_chains(hook) {
            if tracks && !base.precedes_tracking() {
                self.flow.track();
            }
            if *base.kind() != ChainType::Nat || self.flow.is_for_nat() {
                self.base_chain(chain, base)?;
            }
        }
        if tracks {
            self.flow.track();
        }
        Going::Continue(())
    }

    /// As `nft_do_chain`: `goto` leaves nothing to come back to, and the end of a chain is a
    /// return.
    fn base_chain(&mut self, chain: &'a Chain, base: &BaseChain) -> Going {
        let mut registers = Registers::default();
        let mut stack: Vec<Place<'a>> = Vec::new();
        let mut place = Place { chain, next: 0 };
        loop {
            let Some(rule) = place.chain.rules.get(place.next) else {
                match stack.pop() {
                    Some(caller) => place = caller,
                    None => return self.policy(chain, base),
                }
                continue;
            };
            place.next += 1;
            match self.rule(&place, rule, &mut registers) {
                Some(Effect::Accept | Effect::Redirect(_)) => return Going::Continue(()),
                Some(Effect::Drop) => return Going::Break(Verdict::Dropped),
                Some(Effect::Reject) => return Going::Break(Verdict::Rejected),
                Some(Effect::Unknown(what)) => return Going::Break(Verdict::Unknown { what }),
                Some(Effect::Return) => place.next = place.chain.rules.len(),
                Some(Effect::Jump(name)) => {
                    let target = self.chain(&name)?;
                    stack.push(std::mem::replace(&mut place, target));
                }
                Some(Effect::Goto(name)) => place = self.chain(&name)?,
                Some(
                    Effect::Tproxy(_)
                    | Effect::Mark(_)
                    | Effect::ConnectionMark(_)
                    | Effect::Zone(_)
                    | Effect::Untracked,
                )
                | None => {}
            }
        }
    }

    /// Evaluates a rule, and gives the last thing that it did.
    fn rule(&mut self, at: &Place<'_>, rule: &Rule, registers: &mut Registers) -> Option<Effect> {
        let (matched, effects) = evaluate(self.ruleset, rule, &mut self.flow, registers);
        if let Some((port, by)) = effects.iter().rev().find_map(Effect::capture) {
            self.captured = Some(Verdict::Captured { port, by });
        }
        let last = effects.last().cloned();
        self.steps.push(Step {
            chain: at.chain.name.clone(),
            rule: Some(at.next),
            text: rule_text(rule),
            setting: rule.setting,
            matched,
            effects,
        });
        last
    }

    fn chain(&mut self, name: &str) -> ControlFlow<Verdict, Place<'a>> {
        self.entries += 1;
        let unknown = |what| ControlFlow::Break(Verdict::Unknown { what });
        match self.ruleset.chain(name) {
            _ if self.entries > MOST_ENTRIES => {
                unknown(format!("the end of chain {name}, which leads back to itself"))
            }
            Some(chain) => ControlFlow::Continue(Place { chain, next: 0 }),
            None => unknown(format!("chain {name}, which is not there")),
        }
    }

    fn policy(&mut self, chain: &Chain, base: &BaseChain) -> Going {
        if base.policy() == Policy::Accept {
            return Going::Continue(());
        }
        self.steps.push(Step {
            chain: chain.name.clone(),
            rule: None,
            text: "policy drop".to_owned(),
            setting: "",
            matched: Matched::Yes,
            effects: vec![Effect::Drop],
        });
        Going::Break(Verdict::Dropped)
    }
}
