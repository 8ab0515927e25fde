//! What a rule does with a packet that it matches.

use super::chains::{Chains, call};
use super::drawing::{Change, Lead, Outcome, Port, PortOf};
use super::text::clean;
use crate::ruleset::{CtKey, Expr, MetaKey, Reg, Rule, Verdict};

/// What a rule of the chain does: its verdict, or what it changes where that says more.
pub(super) fn outcome(chains: &Chains<'_>, chain: usize, rule: &Rule) -> Outcome {
    if let Some((name, call)) = call(rule) {
        return Outcome::Leads(Lead { name: clean(name), to: chains.find(name), call });
    }
    if let Some(port) = port(rule) {
        return Outcome::Captured(port);
    }
    let change = rule.exprs.iter().filter_map(change).next_back();
    let verdict = rule.exprs.iter().rev().find_map(|expr| verdict(chains, chain, expr));
    match (change, verdict) {
        // A packet that passes with a mark on its connection is foremost one that passes.
        (None | Some(Change::ConnectionMark), Some(verdict)) => verdict,
        (Some(_), Some(verdict @ (Outcome::Dropped | Outcome::Refused))) => verdict,
        (Some(change), _) => Outcome::Changed(change),
        (None, None) => Outcome::Nothing,
    }
}

fn verdict(chains: &Chains<'_>, chain: usize, expr: &Expr) -> Option<Outcome> {
    if matches!(expr, Expr::Reject { .. }) {
        return Some(Outcome::Refused);
    }
    let Expr::Verdict(verdict) = expr else { return None };
    match verdict {
        Verdict::Accept => Some(chains.passed(chain)),
        Verdict::Drop => Some(Outcome::Dropped),
        Verdict::Return => Some(Outcome::Returns),
        Verdict::Jump(_) | Verdict::Goto(_) | Verdict::Other(_) => None,
    }
}

fn change(expr: &Expr) -> Option<Change> {
    match expr {
        Expr::MetaSet { key: MetaKey::Mark, .. } => Some(Change::Mark),
        Expr::CtSet { key: CtKey::Mark, .. } => Some(Change::ConnectionMark),
        Expr::CtSet { key: CtKey::Zone, .. } => Some(Change::Zone),
        Expr::Notrack => Some(Change::Untracked),
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
        | Expr::Redirect { .. }
        | Expr::Tproxy { .. }
        | Expr::Reject { .. }
        | Expr::Other { .. } => None,
    }
}

/// The port that a rule sends packets to. What it is of is known by the rule's setting alone:
/// a ruleset does not say which port is whose.
fn port(rule: &Rule) -> Option<Port> {
    let register = rule.exprs.iter().find_map(captured_by)?;
    let number = register.and_then(|register| constant(rule, register));
    let of = match rule.setting.split('.').next() {
        Some("outbound") => PortOf::Outbound,
        Some("inbound" | "proxy") => PortOf::Inbound,
        Some("dns") => PortOf::Dns,
        Some(_) | None => PortOf::Unknown,
    };
    Some(Port { of, number })
}

fn captured_by(expr: &Expr) -> Option<Option<Reg>> {
    if let Expr::Redirect { port_min: port, .. } | Expr::Tproxy { port, .. } = expr {
        return Some(*port);
    }
    None
}

fn constant(rule: &Rule, register: Reg) -> Option<u16> {
    rule.exprs.iter().find_map(|expr| {
        let Expr::Immediate { dreg, data } = expr else { return None };
        let bytes = data.as_slice().try_into().ok().filter(|_| *dreg == register)?;
        Some(u16::from_be_bytes(bytes))
    })
}
