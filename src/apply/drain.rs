//! Drain: nothing new is captured, and what is captured lives on until it ends.

use std::time::{Duration, Instant};

use crate::netlink::Connection;
use crate::nft::{RedirectedTo, count_redirected};
use crate::ruleset::build::{Counted, RuleBuilder};
use crate::ruleset::{BaseChain, Chain, Expr, Rule, Ruleset};

use super::effects::Hands;
use super::error::ApplyError;
use super::observe::{Ours, read_ours};
use super::remove::exchange;

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
    ruleset.rules().any(is_redirecting)
}

fn is_redirecting(rule: &Rule) -> bool {
    matches!(rule.exprs.last(), Some(Expr::Redirect { .. }))
}

/// Exchanges the capture rules for the one chain that keeps captured connections alive.
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
    let wanted = Ruleset { sets: Vec::new(), chains: vec![chain], ..ours.ruleset.clone() };
    exchange(nft, &wanted, &ours)
}

/// The `ct` keeps conntrack at work. The port is there to be read back: when the rules are gone,
/// captured connections are known by the port that they were redirected to.
fn draining_rule(port: u16) -> Rule {
    RuleBuilder::new("drain", Counted::No).ct_new().dport_between(port, port).accept()
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

/// Connections that removal would break.
pub(super) fn count_live(nft: &mut Connection, ours: &Ours) -> Result<usize, ApplyError> {
    let captured = count_redirected(nft, &captured_ports(&ours.ruleset))?;
    let undo = ours.record.as_ref().map(|record| record.undo.as_slice()).unwrap_or_default();
    let mut dialled = 0;
    for undo in undo {
        dialled += Hands::default().count_users(*undo)?;
    }
    Ok(captured.max(dialled))
}

/// The ports that captured connections were redirected to.
pub(super) fn captured_ports(ruleset: &Ruleset) -> RedirectedTo {
    let draining = ruleset.chain(DRAIN_CHAIN).into_iter().flat_map(|chain| &chain.rules);
    let compared = draining
        .flat_map(|rule| &rule.exprs)
        .filter_map(|expr| if let Expr::Cmp { data, .. } = expr { port(data) } else { None });
    let redirected = ruleset
        .rules()
        .filter(|rule| is_redirecting(rule))
        .flat_map(|rule| &rule.exprs)
        .filter_map(|expr| if let Expr::Immediate { data, .. } = expr { port(data) } else { None });
    compared.chain(redirected).collect()
}

fn port(data: &[u8]) -> Option<u16> {
    data.try_into().ok().map(u16::from_be_bytes)
}
