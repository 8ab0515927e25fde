//! Being told to end, as whoever runs containers does it.

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};

/// Signals can't be waited for.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct EndingError {
    /// The system call.
    doing: &'static str,
    /// What the kernel said.
    source: Errno,
}

/// SIGTERM and SIGINT, held back: they end nothing by themselves, not even where the process is the
/// first of its container, which the kernel's own action never ends.
#[derive(Debug)]
pub struct Ending(SigSet);

impl Ending {
    /// Holds them back for the rest of the process.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn hold_back() -> Result<Ending, EndingError> {
        let set = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
        let failed = |source| EndingError { doing: "hold back signals", source };
        set.thread_block().map_err(failed)?;
        Ok(Ending(set))
    }

    /// Waits for one of them.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn wait(&self) -> Result<(), EndingError> {
        loop {
            match self.0.wait() {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(source) => return Err(EndingError { doing: "wait for a signal", source }),
            }
        }
    }
}
