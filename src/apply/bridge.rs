//! The way from a policy that redirects what comes in to one that steers it, and back.
//!
//! The two capture in different chains, one after the other. A packet that has passed the first
//! before a commit and meets the second after it could slip between them: so for a moment both
//! capture.

use std::thread::sleep;
use std::time::Duration;

use crate::ruleset::Change;

use super::ahead::{Begun, Standing};
use super::error::ApplyError;
use super::work::Work;
use super::write::{OldRecord, following, write};

/// Longer than any packet takes from the first hook to the last.
const OVERLAP: Duration = Duration::from_millis(1);

impl Work<'_> {
    /// Has both ways capture, if that is needed, on top of what stands.
    pub(super) fn bridge(&mut self, standing: &mut Standing) -> Result<(), ApplyError> {
        let Some(both) = self.overlap.take() else { return Ok(()) };
        let both = both.with_sets(&standing.ruleset.sets);
        let change = Change::between(&both, &standing.ruleset);
        let Change::Rewrite(_) = change else { return Ok(()) };
        let record = self.record()?.chain();
        self.begun = Begun::BothWays;
        let generation = standing.generation;
        write(self.nft, self.plan, &change, OldRecord::Kept, &record, generation, None)?;
        sleep(OVERLAP);
        *standing =
            Standing { ruleset: both, generation: following(generation), record: standing.record };
        Ok(())
    }
}
