//! The way from a policy that redirects what comes in to one that steers it, and back.
//!
//! The two capture in different chains, one after the other. A packet that has passed the first
//! before a commit and meets the second after it could slip between them: so for a moment both
//! capture.

use std::thread::sleep;
use std::time::Duration;

use crate::plan::{HostFacts, plan};
use crate::policy::{CapturePolicy, InboundMode};
use crate::ruleset::{Chain, Change, Expr, Hook, Ruleset};

use super::error::ApplyError;
use super::observe::{Ours, read_ours};
use super::retry::retry;
use super::work::Work;
use super::write::{OldRecord, following, write};

/// Longer than any packet takes from the first hook to the last.
const OVERLAP: Duration = Duration::from_millis(1);

/// The rules that capture by redirect and by steering, if the way leads from one to the other.
pub(super) fn overlap(
    policy: &CapturePolicy,
    facts: &HostFacts,
    ours: &Ours,
) -> Result<Option<Ruleset>, ApplyError> {
    let steers = policy.inbound.mode != InboundMode::Redirect;
    if is_steering(&ours.ruleset) == steers || !captures_inbound(&ours.ruleset) {
        return Ok(None);
    }
    let of = |mode| {
        let mut policy = policy.clone();
        policy.inbound.mode = mode;
        plan(&policy, facts).map(|plan| plan.ruleset)
    };
    let (mut both, redirecting) = (of(InboundMode::Tproxy)?, of(InboundMode::Redirect)?);
    both.chains.retain(|chain| redirecting.chain(&chain.name).is_none() || !is_inbound(chain));
    both.chains.extend(redirecting.chains.into_iter().filter(is_inbound));
    let missing = redirecting.sets.into_iter().filter(|set| both.set(&set.name).is_none());
    let missing: Vec<_> = missing.collect();
    both.sets.extend(missing);
    Ok(Some(both))
}

fn is_inbound(chain: &Chain) -> bool {
    chain
        .base
        .as_ref()
        .is_some_and(|base| base.allows_redirect() && base.hook() == Hook::Prerouting)
}

fn is_steering(ruleset: &Ruleset) -> bool {
    ruleset.rules().flat_map(|rule| &rule.exprs).any(|expr| matches!(expr, Expr::Tproxy { .. }))
}

fn captures_inbound(ruleset: &Ruleset) -> bool {
    is_steering(ruleset) || ruleset.chains.iter().any(is_inbound)
}

impl Work<'_> {
    /// Has both ways capture, if that is needed; gives what is there then, and its generation.
    pub(super) fn bridge(
        &mut self,
        ours: &Ours,
        generation: u32,
    ) -> Result<Option<(Ruleset, u32)>, ApplyError> {
        let Some(both) = self.overlap.take() else { return Ok(None) };
        let change = Change::between(&both, &ours.ruleset);
        let Change::Rewrite(_) = change else { return Ok(None) };
        let record = self.record()?.chain();
        self.is_bridged = true;
        write(self.nft, self.plan, &change, OldRecord::Kept, &record, generation, None)?;
        sleep(OVERLAP);
        Ok(Some((both, following(generation))))
    }

    /// Writes the rules again that were there before the bridge.
    pub(super) fn take_bridge_back(&mut self, ours: &Ours) -> Result<(), ApplyError> {
        let (plan, record) = (self.plan, self.record()?.chain());
        retry(self.nft, |nft| {
            let Some(found) = read_ours(nft)? else { return Ok(()) };
            let change = Change::between(&ours.ruleset, &found.ruleset);
            let Change::Rewrite(_) = change else { return Ok(()) };
            write(nft, plan, &change, OldRecord::Kept, &record, found.generation, None)
        })
    }
}
