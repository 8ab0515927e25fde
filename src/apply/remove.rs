//! Remove: takes away everything that is ours, nf_tables first.

use std::time::Duration;

use crate::netlink::{Connection, Family};
use crate::nft::{Batch, NftError, commit};
use crate::plan::TABLE;
use crate::ruleset::{Change, Ruleset};

use super::cut::cut;
use super::drain::{self, DrainProgress};
use super::effects::Hands;
use super::error::ApplyError;
use super::observe::{Ours, read_ours};
use super::retry::retry;
use super::target::{Inside, Target};
use super::turn::Turn;
use super::undo::Undo;

/// What becomes of captured connections that live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captured {
    /// They are cut.
    Cut,
    /// New connections are not captured any more, and the rest goes when the last captured one
    /// has ended, or stays at the end of the time limit.
    Drain(Duration),
}

/// How to remove.
pub struct RemoveOptions<'a> {
    /// What becomes of captured connections.
    pub captured: Captured,
    /// Told how many captured connections are left while they drain.
    pub progress: &'a (dyn Fn(DrainProgress) + Sync),
}

/// A removal that worked.
#[derive(Debug)]
pub struct Removed {
    /// Whether there was anything of ours.
    pub was_there: bool,
    /// Captured connections that were cut; none if the kernel can't list connections.
    pub cut: Option<usize>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Closing it waits for the kernel's grace period: it is closed with this value.
    _socket: Connection,
}

/// Takes capture away.
///
/// # Errors
/// Nothing was changed, or the error says what is left; removing again goes on from there.
pub fn remove(target: &Target, options: &RemoveOptions<'_>) -> Result<Removed, ApplyError> {
    target.run(|inside| {
        let mut nft = Connection::open(Family::Netfilter).map_err(NftError::from)?;
        if let Captured::Drain(limit) = options.captured {
            begin_drain(inside, &mut nft)?;
            drain::wait(&mut nft, limit, options.progress).map_err(drain_stopped)?;
        }
        let cut = count_captured(&mut nft)?;
        let _turn = Turn::wait(inside).map_err(ApplyError::Turn)?;
        let (was_there, notes) = retry(&mut nft, |nft| attempt(nft, options.captured))?;
        Ok(Removed { was_there, cut, notes, _socket: nft })
    })
}

/// Others may take their turn while it waits.
fn begin_drain(inside: &Inside, nft: &mut Connection) -> Result<(), ApplyError> {
    if let Some(ours) = read_ours(nft)? {
        // Where connections can't be counted nothing is begun that could not be ended.
        drain::count_live(nft, &ours)?;
    }
    let _turn = Turn::wait(inside).map_err(ApplyError::Turn)?;
    retry(nft, drain::begin)
}

/// Counts before the removal reads what it is going to delete: counting takes long enough for other
/// programs to commit in between.
fn count_captured(nft: &mut Connection) -> Result<Option<usize>, ApplyError> {
    let Some(ours) = read_ours(nft)? else { return Ok(Some(0)) };
    Ok(drain::count_captured(nft, &ours).ok())
}

fn drain_stopped(error: ApplyError) -> ApplyError {
    if matches!(error, ApplyError::TakenUp | ApplyError::DrainTimedOut { .. }) {
        return error;
    }
    ApplyError::DrainStopped { source: Box::new(error) }
}

type Done = (bool, Vec<String>);

fn attempt(nft: &mut Connection, captured: Captured) -> Result<Done, ApplyError> {
    let Some(ours) = read_ours(nft)? else { return Ok((false, Vec::new())) };
    if captured != Captured::Cut && drain::is_capturing(&ours.ruleset) {
        return Err(ApplyError::TakenUp);
    }
    let mut notes = Vec::new();
    if ours.record.is_none() {
        notes.push(
            "the record of what to undo was gone: what apply set up besides the table, if \
             anything, is left"
                .to_owned(),
        );
    }
    let undo = ours.record.as_ref().map(|record| record.undo.clone()).unwrap_or_default();
    if undo.is_empty() {
        delete_table(nft, ours.generation)?;
        return Ok((true, notes));
    }
    // The table stays, without rules, until all it says has been undone: a removal that is
    // interrupted here can be taken up again.
    empty(nft, &ours)?;
    if captured == Captured::Cut
        && let Err(error) = cut(&undo)
    {
        notes.push(format!("captured connections hang until their ends give up: {error}"));
    }
    finish(nft, &undo).map_err(|source| ApplyError::HalfRemoved { source: Box::new(source) })?;
    Ok((true, notes))
}

fn finish(nft: &mut Connection, undo: &[Undo]) -> Result<(), ApplyError> {
    let mut failures = Hands::default().undo_all(undo);
    if let Some(first) = failures.pop() {
        return Err(first.with_left(failures));
    }
    let now = crate::nft::generation(nft)?;
    delete_table(nft, now)
}

fn delete_table(nft: &mut Connection, generation: u32) -> Result<(), ApplyError> {
    let mut batch = Batch::new(Some(generation));
    batch.delete_table(TABLE);
    Ok(commit(nft, &batch.seal())?)
}

fn empty(nft: &mut Connection, ours: &Ours) -> Result<(), ApplyError> {
    let nothing = Ruleset { sets: Vec::new(), chains: Vec::new(), ..ours.ruleset.clone() };
    exchange(nft, &nothing, ours)
}

/// Exchanges all but the record.
pub(super) fn exchange(
    nft: &mut Connection,
    wanted: &Ruleset,
    ours: &Ours,
) -> Result<(), ApplyError> {
    let Change::Rewrite(rewrite) = Change::between(wanted, &ours.ruleset) else { return Ok(()) };
    let mut batch = Batch::new(Some(ours.generation));
    batch.rewrite(TABLE, &rewrite);
    Ok(commit(nft, &batch.seal())?)
}
