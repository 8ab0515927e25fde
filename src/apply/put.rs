//! Apply: reads first, writes only what differs, and puts everything back if a step fails.

use crate::netlink::{Connection, Family};
use crate::nft::NftError;
use crate::plan::{Plan, overlap, plan};
use crate::policy::CapturePolicy;

use super::ahead::Begun;
use super::effects::Hands;
use super::error::ApplyError;
use super::existing::{self, Reset};
use super::ledger::Ledger;
use super::observe::observe;
use super::others;
use super::retry::retry;
use super::target::{Inside, Target};
use super::turn::Turn;
use super::work::Work;

/// What to do about connections that began before capture and can't be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveConnections {
    /// Refuse to apply.
    Keep,
    /// Apply; they break.
    Break,
}

/// What to do about capture rules of other meshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherMeshes {
    /// Refuse to apply.
    Refuse,
    /// Take them away when ours are there.
    TakeOver,
}

/// How to apply.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// Where the policy came from, for the record.
    pub source: String,
    /// What to do about connections that can't be protected.
    pub live: LiveConnections,
    /// What to do about capture rules of other meshes.
    pub others: OtherMeshes,
}

/// What an apply did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Everything was there: nothing was written.
    Unchanged,
    /// There was no capture.
    Created,
    /// There was another capture.
    Replaced,
}

/// An apply that worked.
#[derive(Debug)]
pub struct Applied {
    /// What it did.
    pub outcome: Outcome,
    /// What is there now.
    pub plan: Plan,
    /// What the user should know.
    pub notes: Vec<String>,
    /// After a replacement, closing this socket waits for the kernel's grace period (about 16 ms
    /// on Linux 6.18): it is closed with this value, after the result was used.
    _socket: Connection,
}

/// Makes the target be as the policy says.
///
/// # Errors
/// Any failure leaves the state before, or says exactly what is left ([`ApplyError::Left`]).
pub fn apply(
    target: &Target,
    policy: &CapturePolicy,
    options: &ApplyOptions,
) -> Result<Applied, ApplyError> {
    target.run(|inside| {
        crate::net::kernel::check()?;
        let mut nft = Connection::open(Family::Netfilter).map_err(NftError::from)?;
        let _turn = Turn::wait(inside).map_err(ApplyError::Turn)?;
        let (outcome, plan, notes) = retry(&mut nft, |nft| attempt(inside, nft, policy, options))?;
        tracing::info!(?outcome, rules = plan.ruleset.rules().count(), "applied");
        Ok(Applied { outcome, plan, notes, _socket: nft })
    })
}

type Done = (Outcome, Plan, Vec<String>);

fn attempt(
    inside: &Inside,
    nft: &mut Connection,
    policy: &CapturePolicy,
    options: &ApplyOptions,
) -> Result<Done, ApplyError> {
    let observed = observe(inside, nft, policy)?;
    tracing::debug!(facts = ?observed.facts, found = observed.ours.is_some(), "observed");
    let plan = plan(policy, &observed.facts)?;
    existing::check_dropped(policy, &observed, options.live)?;
    let reset = Reset::prepare(policy, &observed)?;
    let others = others::find(nft)?;
    if options.others == OtherMeshes::Refuse {
        others.refuse()?;
    }
    let mut notes = [plan.notes.clone(), others.notes()].concat();
    let mut hands = Hands::default();
    let before = observed.ours.as_ref().and_then(|ours| ours.record.as_ref());
    let ledger = Ledger::open(&mut hands, &plan, before, options.live, &mut notes)?;
    let digest = policy.digest();
    let overlap = match &observed.ours {
        Some(ours) => overlap(policy, &observed.facts, &ours.ruleset)?,
        None => None,
    };
    let mut work = Work {
        nft,
        hands,
        plan: &plan,
        ledger,
        digest,
        options,
        others: &others,
        overlap,
        begun: Begun::Nothing,
        notes,
    };
    let outcome = match &observed.ours {
        None => work.create()?,
        Some(ours) => work.replace(ours)?,
    };
    let mut notes = work.notes;
    if let Some(reset) = reset {
        notes.push(reset.carry_out()?);
    }
    if options.others == OtherMeshes::TakeOver {
        let taken = others::take_over_legacy(&others);
        notes.extend(taken.map_err(|source| ApplyError::NotTakenOver { source })?);
        notes.extend(others.take_over_notes());
    }
    Ok((outcome, plan, notes))
}
