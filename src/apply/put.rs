//! Apply: reads first, writes only what differs, and puts everything back if a step fails.

use crate::netlink::{Connection, Family};
use crate::nft::{Batch, NftError, commit};
use crate::plan::{Effect, Plan, TABLE, plan};
use crate::policy::CapturePolicy;
use crate::ruleset::{Chain, Change, Rewrite, Ruleset};

use super::effects::Hands;
use super::error::ApplyError;
use super::observe::{Ours, observe, read_ours};
use super::record::{RECORD_CHAIN, Record, Undo};
use super::target::{Inside, Target};
use super::turn::Turn;

/// How often we read and write again when other programs commit in between.
const TRIES: u32 = 10;

/// What to do about connections that began before capture and can't be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveConnections {
    /// Refuse to apply.
    Keep,
    /// Apply; they break.
    Break,
}

/// How to apply.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// Where the policy came from, for the record.
    pub source: String,
    /// What to do about connections that can't be protected.
    pub live: LiveConnections,
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
        let _turn = Turn::wait().map_err(ApplyError::Turn)?;
        let mut tries = 0;
        loop {
            tries += 1;
            match attempt(inside, &mut nft, policy, options) {
                Err(error) if error.is_stale() && tries < TRIES => breathe(tries),
                Err(error) => return Err(error),
                Ok((outcome, plan, notes)) => {
                    return Ok(Applied { outcome, plan, notes, _socket: nft });
                }
            }
        }
    })
}

type Done = (Outcome, Plan, Vec<String>);

fn attempt(
    inside: &Inside,
    nft: &mut Connection,
    policy: &CapturePolicy,
    options: &ApplyOptions,
) -> Result<Done, ApplyError> {
    let observed = observe(inside, nft)?;
    let plan = plan(policy, &observed.facts)?;
    let mut notes = plan.notes.clone();
    let mut hands = Hands::default();
    let before = observed.ours.as_ref().and_then(|ours| ours.record.clone());
    let ledger = Ledger::open(&mut hands, &plan, before.as_ref(), options, &mut notes)?;
    let mut work = Work { nft, hands, plan: &plan, ledger, policy, options };
    let outcome = match &observed.ours {
        None => work.create(&mut notes)?,
        Some(ours) => work.replace(ours, &mut notes)?,
    };
    Ok((outcome, plan, notes))
}

/// What has to be made and unmade besides the table.
struct Ledger {
    /// Effects to make.
    make: Vec<Effect>,
    /// What takes those back.
    new: Vec<Undo>,
    /// What takes back earlier effects. They stay until capture is removed, wanted or not:
    /// connections that began before still need the sysctl, and those that the proxy dialled
    /// need the address that it dialled from.
    kept: Vec<Undo>,
}

impl Ledger {
    fn open(
        hands: &mut Hands,
        plan: &Plan,
        before: Option<&Record>,
        options: &ApplyOptions,
        notes: &mut Vec<String>,
    ) -> Result<Self, ApplyError> {
        let kept = before.map(|record| record.undo.clone()).unwrap_or_default();
        let mut ledger = Self { make: Vec::new(), new: Vec::new(), kept };
        for effect in &plan.effects {
            match hands.inverse(*effect) {
                Ok(None) => {}
                Ok(Some(undo)) => ledger.add(*effect, undo),
                Err(error) if may_break(*effect, options) => notes.push(broken_note(&error)),
                Err(error) => return Err(error),
            }
        }
        Ok(ledger)
    }

    /// An effect that the record already knows, and that somebody took away, is made again; what
    /// was before it is known better from the record.
    fn add(&mut self, effect: Effect, undo: Undo) {
        self.make.push(effect);
        if !self.kept.iter().any(|kept| kept.is_of(effect)) {
            self.new.push(undo);
        }
    }

    fn all(&self) -> Vec<Undo> {
        [self.kept.as_slice(), &self.new].concat()
    }
}

fn may_break(effect: Effect, options: &ApplyOptions) -> bool {
    effect == Effect::TcpLooseOff && options.live == LiveConnections::Break
}

fn broken_note(error: &ApplyError) -> String {
    format!("connections that live now are broken, as --break-live allows: {error}")
}

/// One try to apply.
struct Work<'a> {
    nft: &'a mut Connection,
    hands: Hands,
    plan: &'a Plan,
    ledger: Ledger,
    policy: &'a CapturePolicy,
    options: &'a ApplyOptions,
}

impl Work<'_> {
    fn record(&self) -> Record {
        Record::now(self.policy.digest(), &self.options.source, self.ledger.all())
    }

    /// Pure adds, which need no grace period. With effects there are two batches: the first
    /// makes a table that does nothing but say what to undo.
    fn create(&mut self, notes: &mut Vec<String>) -> Result<Outcome, ApplyError> {
        let (plan, record) = (self.plan, self.record());
        let chain = record.chain();
        let mut batch = Batch::new(None);
        if self.ledger.make.is_empty() {
            batch.create(&plan.ruleset);
            batch.add_chain(TABLE, &chain);
            let created = commit(self.nft, &batch.seal()).map_err(taken_meanwhile);
            self.confirm(created, &plan.ruleset, &record)?;
            return Ok(Outcome::Created);
        }
        batch.add_table(&plan.ruleset);
        batch.add_chain(TABLE, &chain);
        let journal = without_content(&plan.ruleset);
        let noted = commit(self.nft, &batch.seal()).map_err(taken_meanwhile);
        self.confirm(noted, &journal, &record)?;
        if let Err(cause) = self.make_effects(notes).and_then(|()| self.fill(&record)) {
            return Err(self.abandon(cause, &record));
        }
        Ok(Outcome::Created)
    }

    fn fill(&mut self, record: &Record) -> Result<(), ApplyError> {
        let plan = self.plan;
        let mut batch = Batch::new(None);
        batch.fill(&plan.ruleset);
        let filled = commit(self.nft, &batch.seal()).map_err(ApplyError::from);
        self.confirm(filled, &plan.ruleset, record)
    }

    /// Takes back a first apply. A table that is not as we left it is somebody else's by now, and
    /// its record tells them what to undo; then, or if it is gone, trying again may work.
    fn abandon(&mut self, cause: ApplyError, record: &Record) -> ApplyError {
        let found = read_ours(self.nft);
        if matches!(&found, Ok(Some(ours)) if ours.record.as_ref() != Some(record)) {
            return NftError::Stale.into();
        }
        let mut left = self.hands.undo_all(&self.ledger.new);
        if matches!(found, Ok(None)) {
            return ApplyError::from(NftError::Stale).with_left(left);
        }
        let mut batch = Batch::new(None);
        batch.delete_table(TABLE);
        left.extend(commit(self.nft, &batch.seal()).map_err(ApplyError::from).err());
        cause.with_left(left)
    }

    /// Where the answer to a batch was lost, what is there tells whether it was committed.
    fn confirm(
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

    fn replace(&mut self, ours: &Ours, notes: &mut Vec<String>) -> Result<Outcome, ApplyError> {
        let plan = self.plan;
        let change = Change::between(&plan.ruleset, &ours.ruleset);
        let is_settled = self.ledger.make.is_empty();
        if change == Change::Nothing && is_settled && ours.record.is_some() {
            return Ok(Outcome::Unchanged);
        }
        if ours.record.is_none() {
            notes.push(
                "the record of what to undo was gone: what an earlier apply set up besides the \
                 table stays when capture is removed"
                    .to_owned(),
            );
        }
        let record = self.record();
        let mut generation = ours.generation;
        let mut has_record = ours.has_record_chain;
        if !self.ledger.new.is_empty() {
            let noted = self.write(&Change::Nothing, has_record, &record.chain(), generation);
            self.confirm(noted, &ours.ruleset, &record)?;
            generation = following(generation);
            has_record = true;
        }
        let made = self.make_effects(notes).and_then(|()| {
            let written = self.write(&change, has_record, &record.chain(), generation);
            self.confirm(written, &plan.ruleset, &record)
        });
        match made {
            Ok(()) => Ok(Outcome::Replaced),
            Err(cause) => Err(self.put_back(cause, ours)),
        }
    }

    fn make_effects(&mut self, notes: &mut Vec<String>) -> Result<(), ApplyError> {
        for effect in self.ledger.make.clone() {
            match self.hands.make(effect) {
                Err(error) if may_break(effect, self.options) => notes.push(broken_note(&error)),
                other => other?,
            }
        }
        Ok(())
    }

    /// Writes the change and the record in one batch.
    fn write(
        &mut self,
        change: &Change<'_>,
        has_record: bool,
        record: &Chain,
        generation: u32,
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
                batch.create(&self.plan.ruleset);
            }
            Change::Rewrite(rewrite) => batch.rewrite(TABLE, rewrite),
            Change::Nothing => {}
        }
        if has_record && *change != Change::Recreate {
            batch.rewrite(TABLE, &remake_record);
        }
        batch.add_chain(TABLE, record);
        commit(self.nft, &batch.seal()).map_err(ApplyError::from)
    }

    /// Takes back the effects of this try, and writes the old record again.
    fn put_back(&mut self, cause: ApplyError, ours: &Ours) -> ApplyError {
        if self.ledger.new.is_empty() {
            return cause;
        }
        let mut left = self.hands.undo_all(&self.ledger.new);
        left.extend(self.restore_record(ours).err());
        cause.with_left(left)
    }

    fn restore_record(&mut self, ours: &Ours) -> Result<(), ApplyError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let now = crate::nft::generation(self.nft)?;
            let restored = match &ours.record {
                Some(record) => self.write(&Change::Nothing, true, &record.chain(), now),
                None => self.drop_record(now),
            };
            match restored {
                Err(error) if error.is_stale() && tries < TRIES => breathe(tries),
                other => return other,
            }
        }
    }

    fn drop_record(&mut self, generation: u32) -> Result<(), ApplyError> {
        let mut batch = Batch::new(Some(generation));
        batch.delete_chain(TABLE, RECORD_CHAIN);
        commit(self.nft, &batch.seal()).map_err(ApplyError::from)
    }
}

/// The table as the journal makes it.
fn without_content(ruleset: &Ruleset) -> Ruleset {
    Ruleset { sets: Vec::new(), chains: Vec::new(), ..ruleset.clone() }
}

/// A stale transaction holds up the other writer, which then writes at once: trying again at once
/// too would meet it every time.
pub(super) fn breathe(tries: u32) {
    std::thread::sleep(std::time::Duration::from_millis(3) * tries);
}

/// The generation after our own commit (`nf_tables_commit`: zero is left out).
fn following(generation: u32) -> u32 {
    generation.wrapping_add(1).max(1)
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
