//! Writes a change of our rules, and the record of it, in one batch.

use crate::netlink::Connection;
use crate::nft::{Batch, commit};
use crate::plan::{Plan, TABLE};
use crate::ruleset::{Chain, Change, Rewrite};

use super::error::ApplyError;
use super::others::{Others, deletions};
use super::record::RECORD_CHAIN;

/// What becomes of the chain of the record that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OldRecord {
    /// It says the same as the new one, and stays.
    Kept,
    /// It makes room for the new one.
    Replaced,
    /// There is none.
    Gone,
}

/// Writes the change and the record in one batch, and takes over from others in it.
pub(super) fn write(
    nft: &mut Connection,
    plan: &Plan,
    change: &Change<'_>,
    old: OldRecord,
    record: &Chain,
    generation: u32,
    taken: Option<&Others>,
) -> Result<(), ApplyError> {
    let mut batch = Batch::new(Some(generation));
    let remake_record = Rewrite {
        flush: vec![&record.name],
        delete_chains: vec![&record.name],
        ..Rewrite::default()
    };
    match change {
        Change::Recreate => {
            batch.delete_table(TABLE);
            batch.create(&plan.ruleset);
        }
        Change::Rewrite(rewrite) => batch.rewrite(TABLE, rewrite),
        Change::Nothing => {}
    }
    let is_new_table = *change == Change::Recreate;
    if old == OldRecord::Replaced && !is_new_table {
        batch.rewrite(TABLE, &remake_record);
    }
    if old != OldRecord::Kept || is_new_table {
        batch.add_chain(TABLE, record);
    }
    taken.into_iter().for_each(|others| deletions(&mut batch, others));
    Ok(commit(nft, &batch.seal())?)
}

pub(super) fn drop_record(nft: &mut Connection, generation: u32) -> Result<(), ApplyError> {
    let mut batch = Batch::new(Some(generation));
    batch.delete_chain(TABLE, RECORD_CHAIN);
    Ok(commit(nft, &batch.seal())?)
}

/// The generation after our own commit (`nf_tables_commit`: zero is left out).
pub(super) fn following(generation: u32) -> u32 {
    generation.wrapping_add(1).max(1)
}
