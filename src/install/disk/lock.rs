//! Runs of ours take turns by a lock on the folder itself, which leaves no file behind.

use std::fs::File;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};

/// How long a run waits for its turn. It goes on then: what it changes it compares first.
const PATIENCE: Duration = Duration::from_secs(10);
/// After which time a user is told.
const TELL: Duration = Duration::from_secs(2);

/// A run's turn; it ends when this is dropped.
#[derive(Debug)]
pub(in crate::install) struct Turn(#[expect(dead_code, reason = "held")] Option<Flock<File>>);

/// Waits for the turn. A folder that is not there needs none.
pub(in crate::install) fn turn(folder: &Path, tell: &dyn Fn(&str)) -> Turn {
    let started = Instant::now();
    let mut is_told = false;
    while let Ok(file) = File::open(folder) {
        if let Ok(lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            return Turn(Some(lock));
        }
        if started.elapsed() > PATIENCE {
            break;
        }
        if !is_told && started.elapsed() > TELL {
            tell("waiting for another nftdivert, which holds the lock on the folder");
            is_told = true;
        }
        sleep(Duration::from_millis(20));
    }
    Turn(None)
}
