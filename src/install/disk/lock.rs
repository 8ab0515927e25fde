//! Runs of ours that change something take turns, by a lock on a file that is there for as long.
//!
//! The file is nobody's but ours to open: a lock on the folder could be held by whoever may read it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, fstat, openat, unlinkat};
use rustix::io::Errno;

use super::super::error::InstallError;
use super::super::folder::LOCK;
use super::{Dir, Places};

/// How long a run waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);
/// After which time a user is told.
const TELL: Duration = Duration::from_secs(2);

/// A run's turn; it ends when this is dropped.
#[derive(Debug)]
pub(in crate::install) struct Turn(Option<Held>);

#[derive(Debug)]
struct Held {
    folder: Dir,
    #[expect(dead_code, reason = "held")]
    lock: OwnedFd,
}

/// Waits for the turn. Without a folder there is nothing to take turns for.
pub(in crate::install) fn turn(places: &Places, tell: &dyn Fn(&str)) -> Result<Turn, InstallError> {
    match Dir::open(places, &places.conf)? {
        Some(folder) => turn_within(folder, tell, PATIENCE),
        None => Ok(Turn(None)),
    }
}

fn turn_within(folder: Dir, tell: &dyn Fn(&str), patience: Duration) -> Result<Turn, InstallError> {
    let started = Instant::now();
    let mut is_told = false;
    loop {
        let failed = |error| InstallError::file("lock", &folder.path(LOCK), error);
        if let Some(lock) = try_lock(&folder).map_err(failed)? {
            return Ok(Turn(Some(Held { folder, lock })));
        }
        if started.elapsed() > patience {
            return Err(InstallError::Locked { path: folder.path(LOCK), waited: patience });
        }
        if !is_told && started.elapsed() > TELL {
            tell("waiting for another nftdivert, which holds the lock on the folder");
            is_told = true;
        }
        sleep(Duration::from_millis(20));
    }
}

fn try_lock(folder: &Dir) -> io::Result<Option<OwnedFd>> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = openat(folder.as_fd(), LOCK, flags, Mode::RUSR | Mode::WUSR)?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // Who held it has removed it meanwhile: another run may hold a new one.
    let own = fstat(&lock)?;
    let is_there = |it: rustix::fs::Stat| (it.st_dev, it.st_ino) == (own.st_dev, own.st_ino);
    Ok(folder.stat(LOCK).is_ok_and(is_there).then_some(lock))
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(held) = &self.0 {
            // While it is locked, so that nobody locks what has no name any more. What stays after
            // a failure goes with the next run.
            let _ = unlinkat(held.folder.as_fd(), LOCK, AtFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::*;

    #[test]
    fn one_run_at_a_time_and_nothing_stays() {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path(), Path::new("/"), Path::new("/bin"));
        let take = |patience| {
            let folder = Dir::open(&places, &places.conf).unwrap().unwrap();
            turn_within(folder, &|_| {}, patience)
        };
        let first = take(Duration::ZERO).unwrap();
        let lock = fs::metadata(root.path().join(LOCK)).unwrap();
        assert_eq!(lock.mode() & 0o777, 0o600, "nobody else may hold it");
        let second = take(Duration::from_millis(50));
        assert!(matches!(second, Err(InstallError::Locked { .. })), "it does not go on without");
        drop(first);
        take(Duration::ZERO).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn who_locks_the_folder_holds_up_nobody() {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path(), Path::new("/"), Path::new("/bin"));
        let open = || Dir::open(&places, &places.conf).unwrap().unwrap();
        let strangers = open();
        flock(&strangers, FlockOperation::NonBlockingLockExclusive).unwrap();
        turn_within(open(), &|_| {}, Duration::ZERO).unwrap();
    }
}
