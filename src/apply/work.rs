//! One try to apply: journal, effects, rules; and the way back if one of them fails.

use crate::netlink::Connection;
use crate::nft::{Batch, NftError, commit};
use crate::plan::{Plan, TABLE};
use crate::ruleset::{Change, Ruleset};

use super::ahead::{Begun, Standing};
use super::effects::Hands;
use super::error::ApplyError;
use super::ledger::Ledger;
use super::observe::{Ours, read_ours};
use super::others::{Others, deletions};
use super::put::{ApplyOptions, OtherMeshes, Outcome};
use super::record::Record;
use super::retry::retry;
use super::write::{OldRecord, drop_record, write};

/// One try to apply.
pub(super) struct Work<'a> {
    pub(super) nft: &'a mut Connection,
    pub(super) hands: Hands,
    pub(super) plan: &'a Plan,
    pub(super) ledger: Ledger,
    /// The policy's digest.
    pub(super) digest: String,
    pub(super) options: &'a ApplyOptions,
    /// Rules of others, which a take-over deletes.
    pub(super) others: &'a Others,
    /// Rules for the way from redirecting to steering, or back.
    pub(super) overlap: Option<Ruleset>,
    /// How far rules were changed on the way to those that are wanted.
    pub(super) begun: Begun,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

impl<'a> Work<'a> {
    /// What is deleted of nf_tables in the batch that makes our rules live.
    fn taken_over(&self) -> Option<&'a Others> {
        let is_some = self.others.of_meshes().next().is_some();
        (self.options.others == OtherMeshes::TakeOver && is_some).then_some(self.others)
    }

    pub(super) fn record(&self) -> Result<Record, ApplyError> {
        let record = Record::now(self.digest.clone(), &self.options.source, self.ledger.all());
        if record.fits() { Ok(record) } else { Err(ApplyError::RecordFull) }
    }

    /// Pure adds, which need no grace period. With effects, or sets that rules must not meet empty,
    /// there are two batches: the first makes a table that does nothing but say what to undo.
    pub(super) fn create(&mut self) -> Result<Outcome, ApplyError> {
        let (plan, record) = (self.plan, self.record()?);
        let chain = record.chain();
        let taken = self.taken_over();
        let journal = without_rules(&plan.ruleset);
        if self.ledger.make.is_empty() && journal.sets.is_empty() {
            let mut batch = Batch::new(taken.and_then(|others| others.generation));
            batch.create(&plan.ruleset);
            batch.add_chain(TABLE, &chain);
            taken.into_iter().for_each(|others| deletions(&mut batch, others));
            let created = commit(self.nft, &batch.seal()).map_err(taken_meanwhile);
            self.confirm(created, &plan.ruleset, &record)?;
            return Ok(Outcome::Created);
        }
        let mut batch = Batch::new(None);
        batch.create(&journal);
        batch.add_chain(TABLE, &chain);
        let noted = commit(self.nft, &batch.seal()).map_err(taken_meanwhile);
        self.confirm(noted, &journal, &record)?;
        let made = self.make_effects().and_then(|()| {
            let filled = retry(self.nft, |nft| fill(nft, plan, &record, taken));
            self.confirm(filled, &plan.ruleset, &record)
        });
        if let Err(cause) = made {
            return Err(self.abandon(cause, &record));
        }
        self.await_effects();
        Ok(Outcome::Created)
    }

    /// Takes back a first apply. Only a table that is as we left it is deleted. Where another run
    /// of ours took it over, its record says what to undo; then, or if it is gone, trying again
    /// may work.
    fn abandon(&mut self, cause: ApplyError, record: &Record) -> ApplyError {
        let found = read_ours(self.nft);
        if matches!(&found, Ok(Some(ours)) if ours.record.as_ref() != Some(record)) {
            return NftError::Stale.into();
        }
        let mut left = self.hands.undo_all(&self.ledger.new);
        match found {
            Ok(None) => ApplyError::from(NftError::Stale).with_left(left),
            Ok(Some(_)) => {
                left.extend(retry(self.nft, |nft| delete_own(nft, record)).err().map(empty_table));
                cause.with_left(left)
            }
            Err(ApplyError::NotOurs | ApplyError::Newer { .. }) => cause.with_left(left),
            Err(error) => {
                left.push(empty_table(error));
                cause.with_left(left)
            }
        }
    }

    /// Where the answer to a batch was lost, what is there tells whether it was committed.
    pub(super) fn confirm(
        &mut self,
        result: Result<(), ApplyError>,
        wanted: &Ruleset,
        record: &Record,
    ) -> Result<(), ApplyError> {
        if !result.as_ref().is_err_and(ApplyError::is_unknown) {
            return result;
        }
        match read_ours(self.nft) {
            Ok(Some(found))
                if found.record.as_ref() == Some(record)
                    && Change::between(wanted, &found.ruleset) == Change::Nothing =>
            {
                Ok(())
            }
            Ok(_) | Err(_) => result,
        }
    }

    pub(super) fn replace(&mut self, ours: &Ours) -> Result<Outcome, ApplyError> {
        let plan = self.plan;
        let change = Change::between(&plan.ruleset, &ours.ruleset);
        let is_known = ours.record.as_ref().is_some_and(|record| record.policy == self.digest);
        let taken = self.taken_over();
        let is_settled = self.ledger.is_settled() && taken.is_none();
        if change == Change::Nothing && is_settled && is_known {
            return Ok(Outcome::Unchanged);
        }
        if ours.record.is_none() {
            self.notes.push(
                "the record of what to undo was gone: what an earlier apply set up besides the \
                 table stays when capture is removed"
                    .to_owned(),
            );
        }
        let record = self.record()?;
        let mut standing = self.write_ahead(ours, &record)?;
        let made = self.make_effects().and_then(|()| {
            self.bridge(&mut standing)?;
            let Standing { ruleset, generation, record: old } = standing;
            let (change, chain) = (Change::between(&plan.ruleset, &ruleset), record.chain());
            let written = write(self.nft, plan, &change, old, &chain, generation, taken);
            self.confirm(written, &plan.ruleset, &record)
        });
        if let Err(cause) = made {
            return Err(self.put_back(cause, ours));
        }
        self.await_effects();
        self.settle();
        Ok(Outcome::Replaced)
    }

    /// What was made works when apply returns. The kernel had the time of a transaction for it.
    fn await_effects(&mut self) {
        for effect in &self.ledger.make {
            match self.hands.is_usable(*effect) {
                Ok(true) => {}
                Ok(false) => self.notes.push(format!("{effect}: nothing reaches it yet")),
                Err(error) => self.notes.push(format!("{effect}: {error}")),
            }
        }
    }

    /// Capture is as wanted: takes back earlier effects that are not wanted any more, and only
    /// then forgets them. What does not work here stays written down for the next apply or remove.
    fn settle(&mut self) {
        let stale = std::mem::take(&mut self.ledger.stale);
        if stale.is_empty() {
            return;
        }
        let failures = self.hands.undo_all(&stale);
        let forgotten = if failures.is_empty() { self.rewrite_record().err() } else { None };
        self.notes.extend(failures.iter().chain(&forgotten).map(ToString::to_string));
    }

    fn rewrite_record(&mut self) -> Result<(), ApplyError> {
        let chain = self.record()?.chain();
        let plan = self.plan;
        retry(self.nft, |nft| {
            let now = crate::nft::generation(nft)?;
            write(nft, plan, &Change::Nothing, OldRecord::Replaced, &chain, now, None)
        })
    }

    fn make_effects(&mut self) -> Result<(), ApplyError> {
        for effect in self.ledger.make.clone() {
            match self.hands.make(effect) {
                Ok(()) => {}
                Err(error) => self.notes.push(self.ledger.excuse(effect, error)?),
            }
        }
        Ok(())
    }

    /// Takes back the effects of this try, and writes the old record again.
    fn put_back(&mut self, cause: ApplyError, ours: &Ours) -> ApplyError {
        let mut left: Vec<ApplyError> = self.restore_rules(ours).err().into_iter().collect();
        if self.ledger.new.is_empty() {
            return cause.with_left(left);
        }
        left.extend(self.hands.undo_all(&self.ledger.new));
        let long_record = |source| ApplyError::LongRecord { source: Box::new(source) };
        left.extend(self.restore_record(ours).err().map(long_record));
        cause.with_left(left)
    }

    fn restore_record(&mut self, ours: &Ours) -> Result<(), ApplyError> {
        let plan = self.plan;
        retry(self.nft, |nft| {
            // A table that somebody took away meanwhile needs no record.
            let Some(found) = read_ours(nft)? else { return Ok(()) };
            let now = found.generation;
            match ours.record.as_ref().map(Record::chain) {
                Some(old) => {
                    write(nft, plan, &Change::Nothing, OldRecord::Replaced, &old, now, None)
                }
                None => drop_record(nft, now),
            }
        })
    }
}

/// Fills the table that carries our record, if it still does.
fn fill(
    nft: &mut Connection,
    plan: &Plan,
    record: &Record,
    taken: Option<&Others>,
) -> Result<(), ApplyError> {
    let ours = read_ours(nft)?.filter(|ours| ours.record.as_ref() == Some(record));
    let ours = ours.ok_or(ApplyError::Overtaken)?;
    let change = Change::between(&plan.ruleset, &ours.ruleset);
    if change == Change::Nothing {
        return Ok(());
    }
    // The record stays as it is: nothing is destroyed, and no grace period waited for.
    write(nft, plan, &change, OldRecord::Kept, &record.chain(), ours.generation, taken)
}

fn empty_table(source: ApplyError) -> ApplyError {
    ApplyError::EmptyTable { source: Box::new(source) }
}

/// Deletes the table that carries our record, if it still does.
fn delete_own(nft: &mut Connection, record: &Record) -> Result<(), ApplyError> {
    let ours = read_ours(nft)?.filter(|ours| ours.record.as_ref() == Some(record));
    let Some(ours) = ours else { return Ok(()) };
    let mut batch = Batch::new(Some(ours.generation));
    batch.delete_table(TABLE);
    Ok(commit(nft, &batch.seal())?)
}

/// The table as the journal makes it: at most with sets that nothing looks up yet.
fn without_rules(ruleset: &Ruleset) -> Ruleset {
    let late = ruleset.sets.iter().filter(|set| set.is_published_late());
    Ruleset { sets: late.cloned().collect(), chains: Vec::new(), ..ruleset.clone() }
}

/// A table that was not there when we read and is there when we write: somebody else was faster.
fn taken_meanwhile(error: NftError) -> ApplyError {
    if let NftError::Refused { failures } = &error
        && failures.iter().any(|failure| failure.is_table_taken)
    {
        return NftError::Stale.into();
    }
    error.into()
}
