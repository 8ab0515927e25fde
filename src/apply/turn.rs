//! One apply or removal at a time in a namespace.

use std::fs::File;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// The namespace itself is what is locked: processes that share no folder share it.
const NAMESPACE: &str = "/proc/thread-self/ns/net";

/// Anyone in the namespace can hold the lock. After so long we go on without it: transactions
/// alone keep the table whole, only what is set up besides could be taken back too early.
const PATIENCE: Duration = Duration::from_secs(5);

const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// The right to change the namespace; others of our kind wait until it is dropped.
pub(super) struct Turn(#[expect(dead_code, reason = "it is held, not used")] Option<Flock<File>>);

impl Turn {
    /// Waits for the turn in the namespace of the calling thread.
    pub(super) fn wait() -> io::Result<Self> {
        let limit = Instant::now() + PATIENCE;
        let mut file = File::open(NAMESPACE)?;
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(Self(Some(lock))),
                Err((_, Errno::EWOULDBLOCK)) if Instant::now() > limit => {
                    tracing::warn!(waited = ?PATIENCE, "went on without the namespace's lock");
                    return Ok(Self(None));
                }
                Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) => file = back,
                Err((_, errno)) => return Err(errno.into()),
            }
            sleep(BETWEEN_TRIES);
        }
    }
}
