//! The way from a policy that redirects what comes in to one that steers it, and back: both
//! capture, in different chains.

use crate::policy::{CapturePolicy, InboundMode};
use crate::ruleset::{Chain, Hook, Ruleset};

use super::{HostFacts, PlanError, plan};

/// The rules that capture by redirect and by steering, if the way leads from one to the other.
///
/// # Errors
/// As [`plan`].
pub fn overlap(
    policy: &CapturePolicy,
    facts: &HostFacts,
    found: &Ruleset,
) -> Result<Option<Ruleset>, PlanError> {
    let steers = policy.inbound.mode != InboundMode::Redirect;
    if found.steers() == steers || !captures_inbound(found) {
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
    Ok(Some(both.validated()?))
}

fn is_inbound(chain: &Chain) -> bool {
    chain
        .base
        .as_ref()
        .is_some_and(|base| base.allows_redirect() && base.hook() == Hook::Prerouting)
}

fn captures_inbound(ruleset: &Ruleset) -> bool {
    ruleset.steers() || ruleset.chains.iter().any(is_inbound)
}
