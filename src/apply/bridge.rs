//! The way from a policy that redirects what comes in to one that steers it, and back.
//!
//! The two capture in different chains, one after the other. A packet that has passed the first
//! before a commit and meets the second after it could slip between them: so for a moment both
//! capture.

use std::thread::sleep;
use std::time::Duration;

use crate::ruleset::{Change, Ruleset};

use super::error::ApplyError;
use super::observe::{Ours, read_ours};
use super::retry::retry;
use super::work::Work;
use super::write::{OldRecord, following, write};

/// Longer than any packet takes from the first hook to the last.
const OVERLAP: Duration = Duration::from_millis(1);

impl Work<'_> {
    /// Has both ways capture, if that is needed; gives what is there then, and its generation.
    pub(super) fn bridge(
        &mut self,
        ours: &Ours,
        generation: u32,
    ) -> Result<Option<(Ruleset, u32)>, ApplyError> {
        let Some(both) = self.overlap.take() else { return Ok(None) };
        let change = Change::between(&both, &ours.ruleset);
        let Change::Rewrite(_) = change else { return Ok(None) };
        let record = self.record()?.chain();
        self.is_bridged = true;
        write(self.nft, self.plan, &change, OldRecord::Kept, &record, generation, None)?;
        sleep(OVERLAP);
        Ok(Some((both, following(generation))))
    }

    /// Writes the rules again that were there before the bridge.
    pub(super) fn take_bridge_back(&mut self, ours: &Ours) -> Result<(), ApplyError> {
        let (plan, record) = (self.plan, self.record()?.chain());
        retry(self.nft, |nft| {
            let Some(found) = read_ours(nft)? else { return Ok(()) };
            let change = Change::between(&ours.ruleset, &found.ruleset);
            let Change::Rewrite(_) = change else { return Ok(()) };
            write(nft, plan, &change, OldRecord::Kept, &record, found.generation, None)
        })
    }
}
