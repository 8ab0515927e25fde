//! What the kernel tells: changes in the folders, and that it is time to end.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::super::error::InstallError;

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing, for the time given.
    Nothing,
    /// Something changed in a folder.
    Change,
    /// A signal says to end.
    Stop,
}

/// The folders' events and the process's signals.
pub(super) struct Eyes {
    inotify: Inotify,
    signals: SignalFd,
}

impl Eyes {
    /// From here on SIGTERM and SIGINT are seen here, and end nothing by themselves.
    pub(super) fn open() -> Result<Eyes, InstallError> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGTERM);
        set.add(Signal::SIGINT);
        set.thread_block().map_err(failed("hold back signals"))?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let signals = SignalFd::with_flags(&set, flags).map_err(failed("signalfd"))?;
        let flags = InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC;
        let inotify = Inotify::init(flags).map_err(failed("inotify_init1"))?;
        Ok(Eyes { inotify, signals })
    }

    /// Watches these folders, which it may do already; `false` where one is not there. A folder
    /// that was removed and made anew is another one.
    pub(super) fn look_at(&mut self, folders: [&PathBuf; 2]) -> bool {
        let flags = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_ATTRIB
            | AddWatchFlags::IN_MOVE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        let watched = folders.map(|folder| self.inotify.add_watch(folder, flags).is_ok());
        watched == [true, true]
    }

    /// Waits for something to be seen, for so long at most.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<Seen, InstallError> {
        // Not less than a millisecond, for less would be none.
        let limit = limit.max(Duration::from_millis(1));
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        let events = PollFlags::POLLIN;
        let mut fds =
            [PollFd::new(self.signals.as_fd(), events), PollFd::new(self.inotify.as_fd(), events)];
        match poll(&mut fds, limit) {
            Ok(0) | Err(Errno::EINTR) => return Ok(Seen::Nothing),
            Ok(_) => {}
            Err(source) => return Err(failed("poll")(source)),
        }
        if self.signals.read_signal().map_err(failed("read a signal"))?.is_some() {
            return Ok(Seen::Stop);
        }
        match self.inotify.read_events() {
            Ok(_) => Ok(Seen::Change),
            Err(Errno::EAGAIN) => Ok(Seen::Nothing),
            Err(source) => Err(failed("read events")(source)),
        }
    }
}

fn failed(doing: &'static str) -> impl FnOnce(Errno) -> InstallError {
    move |source| InstallError::Watch { doing, source }
}
