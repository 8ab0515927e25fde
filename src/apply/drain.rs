//! Drain: nothing new is captured, and what is captured lives on until it ends.
//!
//! What was redirected needs a nat chain, so that conntrack and NAT stay at work. Where TPROXY kept
//! the client's address, the app's answers need the mark of their connection, and the route that
//! the mark leads to; a connection to the proxy itself needs nothing.

use std::time::{Duration, Instant};

use crate::netlink::Connection;
use crate::nft::{RedirectedTo, count_redirected};
use crate::ruleset::build::{Counted, RuleBuilder};
use crate::ruleset::{BaseChain, Chain, Expr, Hook, Rule, Ruleset};

use super::effects::Hands;
use super::error::ApplyError;
use super::observe::{Ours, read_ours};
use super::remove::exchange;
use super::undo::Undo;

/// The chain that keeps conntrack and NAT at work: taking the last nat chain away resets what
/// was captured.
const DRAIN_CHAIN: &str = "drain";

/// How often the connections are counted: the kernel walks through its whole table for it.
const INTERVAL: Duration = Duration::from_millis(250);

/// How far a drain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainProgress {
    /// Captured connections that live.
    pub remaining: usize,
    /// How long the drain has waited.
    pub waited: Duration,
}

/// Whether the table is one that drains.
pub(super) fn is_draining(ruleset: &Ruleset) -> bool {
    ruleset.chain(DRAIN_CHAIN).is_some()
}

/// Whether connections are captured: a drain that finds this again was overtaken by an apply.
pub(super) fn is_capturing(ruleset: &Ruleset) -> bool {
    ruleset.rules().any(|rule| rule.redirects() || rule.steers())
}

/// Exchanges the capture rules for those that keep captured connections alive.
pub(super) fn begin(nft: &mut Connection) -> Result<(), ApplyError> {
    let Some(ours) = read_ours(nft)? else { return Ok(()) };
    if is_draining(&ours.ruleset) {
        return Ok(());
    }
    let rules = captured_ports(&ours.ruleset).into_iter().map(draining_rule).collect();
    let chain = Chain {
        name: DRAIN_CHAIN.into(),
        base: Some(BaseChain::nat_prerouting()),
        comment: None,
        rules,
    };
    let chains = [chain].into_iter().chain(ours.ruleset.chains.iter().filter_map(restoring));
    let wanted = Ruleset { sets: Vec::new(), chains: chains.collect(), ..ours.ruleset.clone() };
    exchange(nft, &wanted, &ours)
}

/// The `ct` keeps conntrack at work. The port is there to be read back: when the rules are gone,
/// captured connections are known by the port that they were redirected to.
fn draining_rule(port: u16) -> Rule {
    RuleBuilder::new("drain", Counted::No).ct_new().dport_between(port, port).accept()
}

/// The chain by which the app's answers get the mark of their connection, where it hangs, with
/// nothing else in it.
fn restoring(chain: &Chain) -> Option<Chain> {
    let base = chain.base.as_ref().filter(|base| base.hook() == Hook::Output)?;
    let rules: Vec<Rule> =
        chain.rules.iter().filter(|rule| rule.restored_mark().is_some()).cloned().collect();
    let (name, base) = (chain.name.clone(), Some(base.clone()));
    (!rules.is_empty()).then_some(Chain { name, base, comment: None, rules })
}

/// Waits until no captured connection lives, nor one that the proxy dialled from an address which
/// removal takes away.
pub(super) fn wait(
    nft: &mut Connection,
    limit: Duration,
    progress: &dyn Fn(DrainProgress),
) -> Result<(), ApplyError> {
    let start = Instant::now();
    loop {
        let Some(ours) = read_ours(nft)? else { return Ok(()) };
        if is_capturing(&ours.ruleset) {
            return Err(ApplyError::TakenUp);
        }
        let remaining = count_live(nft, &ours)?;
        let waited = start.elapsed();
        if remaining == 0 {
            return Ok(());
        }
        if waited >= limit {
            return Err(ApplyError::DrainTimedOut { remaining, waited: limit });
        }
        progress(DrainProgress { remaining, waited });
        std::thread::sleep(INTERVAL.min(limit.saturating_sub(waited)));
    }
}

/// Connections that removal would break, and that a drain waits for.
pub(super) fn count_live(nft: &mut Connection, ours: &Ours) -> Result<usize, ApplyError> {
    let captured = count_captured(nft, ours)?;
    let dialled = if is_steered(ours) { 0 } else { count_users(ours)? };
    Ok(captured.max(dialled))
}

/// Captured connections that removal would break. One that was redirected is known to conntrack;
/// one that TPROXY handed over lives on, unless the proxy dialled the app from an address or by a
/// route that removal takes away.
pub(super) fn count_captured(nft: &mut Connection, ours: &Ours) -> Result<usize, ApplyError> {
    let redirected = count_redirected(nft, &captured_ports(&ours.ruleset))?;
    let dialled = if is_steered(ours) { count_users(ours)? } else { 0 };
    Ok(redirected + dialled)
}

/// Whether TPROXY is or was at work.
fn is_steered(ours: &Ours) -> bool {
    undo(ours).iter().any(|undo| matches!(undo, Undo::MarkRoute(_)))
}

fn count_users(ours: &Ours) -> Result<usize, ApplyError> {
    undo(ours).iter().map(|undo| Hands::default().count_users(*undo)).sum()
}

fn undo(ours: &Ours) -> &[Undo] {
    ours.record.as_ref().map(|record| record.undo.as_slice()).unwrap_or_default()
}

/// The ports that captured connections were redirected to. The port of TPROXY is among them: a
/// policy before this one may have redirected to it.
fn captured_ports(ruleset: &Ruleset) -> RedirectedTo {
    let draining = ruleset.chain(DRAIN_CHAIN).into_iter().flat_map(|chain| &chain.rules);
    let compared = draining
        .flat_map(|rule| &rule.exprs)
        .filter_map(|expr| if let Expr::Cmp { data, .. } = expr { port(data) } else { None });
    let redirected = ruleset
        .rules()
        .filter(|rule| rule.redirects() || rule.steers())
        .flat_map(|rule| &rule.exprs)
        .filter_map(|expr| if let Expr::Immediate { data, .. } = expr { port(data) } else { None });
    compared.chain(redirected).collect()
}

fn port(data: &[u8]) -> Option<u16> {
    data.try_into().ok().map(u16::from_be_bytes)
}
