//! What is written before the rules: what to undo, and sets that rules must not meet empty.

use crate::ruleset::{Change, Rewrite, Ruleset};

use super::error::ApplyError;
use super::observe::{Ours, read_ours};
use super::record::Record;
use super::retry::retry;
use super::work::Work;
use super::write::{OldRecord, following, write};

/// How far rules were changed on the way to those that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// They are as they were found.
    Nothing,
    /// There are sets that no rule looks up yet.
    Sets,
    /// Rules capture in the way of before and in the way that is wanted.
    BothWays,
}

/// What is there on the way from what was found to what is wanted.
pub(super) struct Standing {
    pub(super) ruleset: Ruleset,
    /// The generation in which this is so.
    pub(super) generation: u32,
    /// What the next batch has to do about the record.
    pub(super) record: OldRecord,
}

impl Work<'_> {
    /// Writes down what to undo, and the sets that come before their rules, if there is any of it.
    pub(super) fn write_ahead(
        &mut self,
        ours: &Ours,
        record: &Record,
    ) -> Result<Standing, ApplyError> {
        let mut standing = Standing {
            ruleset: ours.ruleset.clone(),
            generation: ours.generation,
            record: if ours.has_record_chain { OldRecord::Replaced } else { OldRecord::Gone },
        };
        let goal = self.overlap.as_ref().unwrap_or(&self.plan.ruleset).clone();
        let goal = goal.with_sets(&self.plan.ruleset.sets);
        let ahead = match Change::between(&goal, &ours.ruleset) {
            Change::Rewrite(rewrite) => rewrite.sets_ahead(),
            Change::Nothing | Change::Recreate => Rewrite::default(),
        };
        let notes = !self.ledger.new.is_empty();
        if !notes && ahead.add_sets.is_empty() {
            return Ok(standing);
        }
        standing.ruleset = standing.ruleset.with_sets(ahead.add_sets.iter().copied());
        if !ahead.add_sets.is_empty() {
            self.begun = Begun::Sets;
        }
        let old = if notes { standing.record } else { OldRecord::Kept };
        let (plan, chain, change) = (self.plan, record.chain(), Change::Rewrite(ahead));
        let written = write(self.nft, plan, &change, old, &chain, standing.generation, None);
        if let Err(cause) = self.confirm(written, &standing.ruleset, record) {
            let left: Vec<_> = self.restore_rules(ours).err().into_iter().collect();
            return Err(cause.with_left(left));
        }
        standing.generation = following(standing.generation);
        if notes {
            standing.record = OldRecord::Replaced;
        }
        Ok(standing)
    }

    /// Writes the rules again that were there before, if others were begun.
    pub(super) fn restore_rules(&mut self, ours: &Ours) -> Result<(), ApplyError> {
        let (plan, begun) = (self.plan, self.begun);
        if begun == Begun::Nothing {
            return Ok(());
        }
        let record = self.record()?.chain();
        let restored = retry(self.nft, |nft| {
            let Some(found) = read_ours(nft)? else { return Ok(()) };
            let change = Change::between(&ours.ruleset, &found.ruleset);
            let Change::Rewrite(_) = change else { return Ok(()) };
            write(nft, plan, &change, OldRecord::Kept, &record, found.generation, None)
        });
        restored.map_err(|source| match begun {
            Begun::Nothing | Begun::Sets => ApplyError::IdleSets { source: Box::new(source) },
            Begun::BothWays => ApplyError::Bridged { source: Box::new(source) },
        })
    }
}
