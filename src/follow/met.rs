//! What a rule did that matched, in the words of an explanation.

use std::collections::BTreeMap;

use super::event::{Event, EventKind, Outcome};
use super::known::{KnownRule, KnownRules};
use crate::explain::{Effect, Matched, Step};
use crate::ruleset::{CtKey, Expr, MetaKey, Reg, Rule, Verdict, rule_text};

/// A rule that a packet met, or the end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// The table in the words of nft.
    pub table: String,
    /// Whether the table is ours.
    pub is_own: bool,
    /// The step.
    pub step: Step,
}

/// What an event tells, in words; `None` for one that tells nothing.
pub(super) fn met(event: &Event, known: &KnownRules) -> Option<Met> {
    let (number, text, effects) = match &event.kind {
        EventKind::Rule { handle, outcome } => match known.find(&event.table, *handle) {
            Some(KnownRule { number, rule, .. }) => {
                (Some(*number), rule_text(rule), effects(rule, outcome, event.mark))
            }
            None => (None, format!("a rule that is gone, handle {handle}"), decided(outcome)),
        },
        EventKind::Return => (None, "end of the chain".to_owned(), vec![Effect::Return]),
        EventKind::Policy(outcome) => {
            let word = if *outcome == Outcome::Decided(Verdict::Drop) { "drop" } else { "accept" };
            (None, format!("policy {word}"), decided(outcome))
        }
        EventKind::End | EventKind::Other(_) => return None,
    };
    let step = Step {
        chain: event.chain.clone().into(),
        rule: number,
        text,
        setting: "",
        matched: Matched::Yes,
        effects,
    };
    Some(Met { table: event.table.clone(), is_own: known.is_own(&event.table), step })
}

/// All that a rule did before its verdict, and the verdict.
fn effects(rule: &Rule, outcome: &Outcome, mark: u32) -> Vec<Effect> {
    let mut constants: BTreeMap<Reg, &[u8]> = BTreeMap::new();
    let mut done = Vec::new();
    for expr in &rule.exprs {
        if let Expr::Immediate { dreg, data } = expr {
            constants.insert(*dreg, data);
        }
        done.extend(effect(expr, &constants, mark));
    }
    // What they did is their verdict.
    let is_said = |effect: &Effect| matches!(effect, Effect::Redirect(_) | Effect::Reject);
    if !done.iter().any(is_said) {
        done.extend(decided(outcome));
    }
    done
}

fn effect(expr: &Expr, constants: &BTreeMap<Reg, &[u8]>, mark: u32) -> Option<Effect> {
    let short = |reg: Reg| constants.get(&reg).and_then(|data| <[u8; 2]>::try_from(*data).ok());
    let port = |reg: Option<Reg>| short(reg?).map(u16::from_be_bytes);
    let unknown = || Effect::Unknown("to which port".to_owned());
    match expr {
        Expr::MetaSet { key: MetaKey::Mark, .. } => Some(Effect::Mark(mark)),
        Expr::CtSet { key: CtKey::Mark, sreg } => {
            let constant = constants.get(sreg).and_then(|data| <[u8; 4]>::try_from(*data).ok());
            Some(Effect::ConnectionMark(constant.map_or(mark, u32::from_ne_bytes)))
        }
        Expr::CtSet { key: CtKey::Zone, sreg } => {
            short(*sreg).map(|zone| Effect::Zone(u16::from_ne_bytes(zone)))
        }
        Expr::Notrack => Some(Effect::Untracked),
        Expr::Redirect { port_min, .. } => {
            Some(port(*port_min).map_or_else(unknown, Effect::Redirect))
        }
        Expr::Tproxy { port: reg, .. } => Some(port(*reg).map_or_else(unknown, Effect::Tproxy)),
        Expr::Reject { .. } => Some(Effect::Reject),
        Expr::MetaSet { .. }
        | Expr::CtSet { .. }
        | Expr::Meta { .. }
        | Expr::Payload { .. }
        | Expr::Ct { .. }
        | Expr::SocketTransparent { .. }
        | Expr::SocketCgroup { .. }
        | Expr::Bitwise { .. }
        | Expr::Cmp { .. }
        | Expr::Lookup { .. }
        | Expr::Immediate { .. }
        | Expr::Verdict(_)
        | Expr::Counter(_)
        | Expr::Other { .. } => None,
    }
}

fn decided(outcome: &Outcome) -> Vec<Effect> {
    let Outcome::Decided(verdict) = outcome else { return Vec::new() };
    vec![match verdict {
        Verdict::Accept => Effect::Accept,
        Verdict::Drop => Effect::Drop,
        Verdict::Return => Effect::Return,
        Verdict::Jump(chain) => Effect::Jump(chain.clone()),
        Verdict::Goto(chain) => Effect::Goto(chain.clone()),
        Verdict::Other(code) => Effect::Unknown(format!("verdict {code:#x}")),
    }]
}
