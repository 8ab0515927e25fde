//! Sends a batch and judges it when every answer is in.

use crate::netlink::{Answer, Connection, KernelError};

use super::error::{Failure, NftError};
use super::{Label, SealedBatch};

/// `ERESTART`: the generation id of the batch is stale.
const ERESTART: i32 = 85;
const ENOENT: i32 = 2;

/// Commits a batch. The kernel does all the work inside `sendmsg`.
///
/// An acknowledgement alone proves nothing: the kernel goes on after an error and answers to
/// every message, so all answers are read before any counts.
///
/// # Errors
/// [`NftError::Refused`] names every object that was refused, and nothing was changed.
/// [`NftError::Stale`]: somebody else committed since the batch's generation, and nothing was
/// changed. [`NftError::Unknown`]: answers were lost; read back to know what is there.
pub fn commit(connection: &mut Connection, batch: &SealedBatch<'_>) -> Result<(), NftError> {
    connection.send(batch.bytes())?;
    let mut verdict = Verdict::default();
    connection
        .drain(&mut |answer| verdict.take(answer, batch))
        .map_err(|source| NftError::Unknown { source: Some(source) })?;
    verdict.judge()
}

#[derive(Default)]
struct Verdict {
    acknowledged: bool,
    stale: bool,
    failures: Vec<Failure>,
    /// Chains that were refused: that their rules are refused too says nothing new.
    chains: Vec<String>,
}

impl Verdict {
    fn take(&mut self, answer: Answer<'_>, batch: &SealedBatch<'_>) {
        match answer {
            Answer::Ack { sequence } => {
                self.acknowledged |= sequence == batch.last_sequence();
            }
            Answer::Error { sequence, error } => self.fail(batch.label(sequence), error),
            Answer::Object { .. } | Answer::Done { .. } => {}
        }
    }

    fn fail(&mut self, label: Option<&Label<'_>>, error: KernelError) {
        self.stale |= error.errno == ERESTART;
        if let Some(Label::Chain(chain)) = label {
            self.chains.push(chain.name.to_string());
        }
        if let Some(Label::Rule(chain, _)) = label
            && error.errno == ENOENT
            && self.chains.iter().any(|name| *name == chain.name)
        {
            return;
        }
        self.failures.push(Failure::new(label, error));
    }

    fn judge(self) -> Result<(), NftError> {
        match (self.stale, self.failures.is_empty(), self.acknowledged) {
            (true, _, _) => Err(NftError::Stale),
            (false, false, _) => Err(NftError::Refused { failures: self.failures }),
            (false, true, true) => Ok(()),
            (false, true, false) => Err(NftError::Unknown { source: None }),
        }
    }
}
