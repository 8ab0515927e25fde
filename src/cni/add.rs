//! ADD: captures a pod, or leaves its namespace as it was.

use crate::apply::{ApplyOptions, LiveConnections, OtherMeshes, Target, apply, status};
use crate::policy::{CapturePolicy, InboundMode};

use super::decide::{Decision, decide};
use super::error::CniError;
use super::reply::Reply;
use super::request::{Attachment, OwnNamespace};
use super::{daemon, del, place};

pub(super) fn run(add: &Attachment) -> Result<Reply, CniError> {
    let target = place::enter(&add.netns, add.own)?;
    match decide(add)? {
        Decision::LeaveAlone { reason } => tracing::info!(reason, "pod left alone"),
        Decision::Capture { policy, notes } => {
            daemon::reach(add.config.daemon.as_deref())?;
            put(add, &target, &policy, notes)?;
        }
    }
    Ok(Reply::Result(add.prev_result.clone()))
}

/// Takes back what an ADD did whose result nobody got.
pub(super) fn take_back(add: &Attachment) {
    let source = del::source(&add.network, &add.interface);
    // The calling thread is there already: that it is the own namespace now says nothing.
    match place::enter(&add.netns, OwnNamespace::Allow) {
        Ok(target) => del::take_away(&target, &source),
        Err(error) => tracing::warn!(%error, "the pod's namespace is gone"),
    }
}

/// A pod has one capture, whichever of its networks asks for it: what one network's ADD has put into force,
/// another's must not replace.
fn refuse_another_network(
    add: &Attachment,
    target: &Target,
    policy: &CapturePolicy,
) -> Result<(), CniError> {
    let known = status(target).map_err(|source| CniError::Apply { source })?;
    let (Some(recorded), Some(digest)) = (known.source, known.policy) else { return Ok(()) };
    let mine = del::source(&add.network, &add.interface);
    let is_other = recorded.starts_with(del::MARK) && recorded != mine;
    match is_other && digest != policy.digest() {
        true => Err(CniError::OtherNetwork { recorded }),
        false => Ok(()),
    }
}

fn put(
    add: &Attachment,
    target: &Target,
    policy: &CapturePolicy,
    notes: Vec<String>,
) -> Result<(), CniError> {
    refuse_another_network(add, target, policy)?;
    if policy.inbound.mode != InboundMode::Redirect {
        place::set_lo_up(target)?;
    }
    let options = ApplyOptions {
        source: del::source(&add.network, &add.interface),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    let applied = apply(target, policy, &options).map_err(|source| CniError::Apply { source })?;
    for note in notes.iter().chain(&applied.notes) {
        tracing::info!(note, "note");
    }
    let rules = applied.plan.ruleset.rules().count();
    tracing::info!(outcome = ?applied.outcome, rules, policy = policy.digest(), "pod captured");
    Ok(())
}
