//! One apply or removal at a time in a namespace.

use std::fs::{File, TryLockError};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::target::Inside;

/// Anyone in the namespace can hold the lock. After so long we go on without it: transactions
/// alone keep the table whole, only what is set up besides could be taken back too early.
const PATIENCE: Duration = Duration::from_secs(1);

const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// The right to change the namespace; others of our kind wait until it is dropped.
pub(super) struct Turn(Option<File>);

impl Turn {
    /// Waits for the turn. The namespace itself is what is locked: processes that share no folder
    /// share it.
    pub(super) fn wait(inside: &Inside) -> io::Result<Self> {
        let limit = Instant::now() + PATIENCE;
        let file = File::open(inside.path())?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(Some(file))),
                Err(TryLockError::WouldBlock) if Instant::now() > limit => {
                    tracing::warn!(waited = ?PATIENCE, "went on without the namespace's lock");
                    return Ok(Self(None));
                }
                Err(TryLockError::WouldBlock) => sleep(BETWEEN_TRIES),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// At once, even where a child that is about to execute something holds the descriptor too. A
/// failure harms nobody: closing unlocks as well.
impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(file) = &self.0
            && let Err(error) = file.unlock()
        {
            tracing::debug!(%error, "the namespace's lock goes with its descriptor");
        }
    }
}
