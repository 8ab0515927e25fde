//! Reads back and compares with the plan, expression by expression.

pub mod probe;

use crate::apply::{ApplyError, Ours, RECORD_CHAIN, Target, is_in_place, observe};
use crate::netlink::{Connection, Family};
use crate::nft::NftError;
use crate::plan::{Effect, Plan, TABLE, plan};
use crate::policy::CapturePolicy;
use crate::ruleset::{Difference, differences};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What is not as planned; empty if all is.
    pub differences: Vec<Difference>,
    /// The digest of the policy that was applied, if the record says.
    pub applied_policy: Option<String>,
}

/// Compares the target with what the policy asks for.
///
/// # Errors
/// The namespace can't be entered, the kernel refused, or the table is not ours.
pub fn verify(target: &Target, policy: &CapturePolicy) -> Result<Verified, ApplyError> {
    target.run(|inside| {
        let mut nft = Connection::open(Family::Netfilter).map_err(NftError::from)?;
        let observed = observe(inside, &mut nft, policy)?;
        let plan = plan(policy, &observed.facts)?;
        let record = observed.ours.as_ref().and_then(|ours| ours.record.as_ref());
        let applied_policy = record.map(|record| record.policy.clone());
        let mut differences = table_differences(&plan, observed.ours.as_ref());
        differences.extend(effect_differences(&plan, observed.ours.as_ref())?);
        Ok(Verified { differences, applied_policy })
    })
}

fn table_differences(plan: &Plan, ours: Option<&Ours>) -> Vec<Difference> {
    let Some(ours) = ours else {
        let object = format!("table inet {TABLE}");
        let wanted = format!("{object} with {} rules", plan.ruleset.rules().count());
        return vec![Difference { object, wanted: Some(wanted), found: None }];
    };
    let mut all = differences(&plan.ruleset, &ours.ruleset);
    if ours.record.is_none() {
        let wanted = "the comment that says who applied what, and what to undo".to_owned();
        let object = format!("chain {RECORD_CHAIN}");
        all.push(Difference { object, wanted: Some(wanted), found: None });
    }
    all
}

/// What the plan sets up besides the table; and the sysctl that an earlier apply wrote down.
fn effect_differences(plan: &Plan, ours: Option<&Ours>) -> Result<Vec<Difference>, ApplyError> {
    let mut wanted = plan.effects.clone();
    let record = ours.and_then(|ours| ours.record.as_ref());
    let is_recorded =
        record.is_some_and(|record| record.undo.iter().any(|undo| undo.is_of(Effect::TcpLooseOff)));
    // Without capture there is nothing to protect connections from, unless the policy leaves some
    // untracked.
    let leaves_out = wanted.iter().any(|effect| matches!(effect, Effect::KeepMarks(_)));
    wanted.retain(|effect| *effect != Effect::TcpLooseOff);
    if is_recorded || leaves_out {
        wanted.push(Effect::TcpLooseOff);
    }
    let mut all = Vec::new();
    for effect in wanted {
        if !is_in_place(effect)? {
            let (object, wanted) = (effect.to_string(), Some(effect.to_string()));
            all.push(Difference { object, wanted, found: None });
        }
    }
    Ok(all)
}
