//! What an apply has to make and to unmake besides the table.

use crate::net::sockets;
use crate::plan::{Effect, Plan};

use super::effects::Hands;
use super::error::ApplyError;
use super::put::LiveConnections;
use super::record::Record;
use super::undo::Undo;

/// The effects of one apply, and what takes them back.
pub(super) struct Ledger {
    /// Effects to make.
    pub(super) make: Vec<Effect>,
    /// What takes those back.
    pub(super) new: Vec<Undo>,
    /// What takes back earlier effects that stay.
    kept: Vec<Undo>,
    /// What takes back earlier effects that are not wanted any more, and that nobody needs.
    pub(super) stale: Vec<Undo>,
    live: LiveConnections,
    /// Whether the plan leaves connections untracked, so that the sysctl is needed always.
    is_needed: bool,
}

impl Ledger {
    /// Looks at what is there.
    pub(super) fn open(
        hands: &mut Hands,
        plan: &Plan,
        before: Option<&Record>,
        live: LiveConnections,
        notes: &mut Vec<String>,
    ) -> Result<Self, ApplyError> {
        let (make, new, stale) = (Vec::new(), Vec::new(), Vec::new());
        let is_needed = plan.effects.iter().any(|effect| matches!(effect, Effect::KeepMarks(_)));
        let mut ledger = Self { make, new, kept: Vec::new(), stale, live, is_needed };
        for undo in before.map(|record| record.undo.as_slice()).unwrap_or_default() {
            ledger.sort_in(hands, plan, *undo, notes)?;
        }
        for effect in &plan.effects {
            match hands.inverse(*effect) {
                Ok(None) => {}
                Ok(Some(undo)) => ledger.add(*effect, undo),
                Err(error) => notes.push(ledger.excuse(*effect, error)?),
            }
        }
        Ok(ledger)
    }

    /// While capture is in force, connections that began before it still need the sysctl; and
    /// those that the proxy dialled need the address that it dialled from.
    fn sort_in(
        &mut self,
        hands: &Hands,
        plan: &Plan,
        undo: Undo,
        notes: &mut Vec<String>,
    ) -> Result<(), ApplyError> {
        let is_wanted = plan.effects.iter().any(|effect| undo.is_of(*effect));
        let has_tcp = || sockets::any_tcp().unwrap_or(true);
        if is_wanted || (matches!(undo, Undo::TcpLoose(_)) && has_tcp()) {
            self.kept.push(undo);
            return Ok(());
        }
        let why = match hands.count_users(undo) {
            Ok(0) => {
                self.stale.push(undo);
                return Ok(());
            }
            Ok(_) => "connections use it".to_owned(),
            Err(error) => format!("whether connections use it is not known, for {error}"),
        };
        notes.push(format!("{undo} stays: {why}; the next apply or remove takes it away"));
        self.kept.push(undo);
        Ok(())
    }

    /// An effect that the record already knows, and that somebody took away, is made again; what
    /// was before it is known better from the record.
    fn add(&mut self, effect: Effect, undo: Undo) {
        self.make.push(effect);
        if !self.kept.iter().any(|kept| kept.is_of(effect)) {
            self.new.push(undo);
        }
    }

    /// Whether there is nothing to make and nothing to take back.
    pub(super) fn is_settled(&self) -> bool {
        self.make.is_empty() && self.stale.is_empty()
    }

    /// All that will have to be undone, while earlier effects are still there.
    pub(super) fn all(&self) -> Vec<Undo> {
        [self.kept.as_slice(), &self.stale, &self.new].concat()
    }

    /// The note with which capture goes on without an effect that could not be made.
    ///
    /// # Errors
    /// It must not go on: connections live that would break, and nobody allowed it.
    pub(super) fn excuse(&self, effect: Effect, error: ApplyError) -> Result<String, ApplyError> {
        if effect != Effect::TcpLooseOff || self.is_needed {
            return Err(error);
        }
        let why = if let ApplyError::LiveConnections { source } = &error {
            source.to_string()
        } else {
            error.to_string()
        };
        if self.live == LiveConnections::Break {
            return Ok(format!("connections that live now break, as was allowed: {why}"));
        }
        if sockets::live_tcp().is_ok_and(|count| count == 0) {
            return Ok(format!("capture does without {effect}, for no connection lives: {why}"));
        }
        Err(error)
    }
}
