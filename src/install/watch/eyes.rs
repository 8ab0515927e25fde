//! What the kernel tells: changes in the folders, and that it is time to end.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::super::disk::{Dir, Places};
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

/// How well the folders are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// The kernel tells of every change in both.
    Full,
    /// One of them is not there.
    Absent,
    /// The kernel tells nothing, and why.
    Blind(String),
}

/// The folders' events and the process's signals.
pub(super) struct Eyes {
    inotify: Option<Inotify>,
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
        Ok(Eyes { inotify: None, signals })
    }

    /// Watches the folders, which it may do already. One that was removed and made anew is
    /// another one.
    pub(super) fn look_at(&mut self, places: &Places) -> Sight {
        let inotify = match self.inotify.take() {
            Some(inotify) => inotify,
            None => match Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC) {
                Ok(inotify) => inotify,
                Err(error) => return Sight::Blind(format!("inotify_init1: {}", text(error))),
            },
        };
        let inotify = self.inotify.insert(inotify);
        let mut sight = Sight::Full;
        for folder in [&places.conf, &places.bin] {
            match watch(inotify, places, folder) {
                Sight::Full => {}
                Sight::Absent => sight = Sight::Absent,
                Sight::Blind(why) => return Sight::Blind(why),
            }
        }
        sight
    }

    /// Waits for something to be seen, for so long at most.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<Seen, InstallError> {
        // Not less than a millisecond, for less would be none.
        let limit = limit.max(Duration::from_millis(1));
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        let events = PollFlags::POLLIN;
        let mut fds = vec![PollFd::new(self.signals.as_fd(), events)];
        fds.extend(self.inotify.iter().map(|it| PollFd::new(it.as_fd(), events)));
        match poll(&mut fds, limit) {
            Ok(0) | Err(Errno::EINTR) => return Ok(Seen::Nothing),
            Ok(_) => {}
            Err(source) => return Err(failed("poll")(source)),
        }
        if self.signals.read_signal().map_err(failed("read a signal"))?.is_some() {
            return Ok(Seen::Stop);
        }
        match self.inotify.as_ref().map(Inotify::read_events) {
            Some(Ok(_)) => Ok(Seen::Change),
            None | Some(Err(Errno::EAGAIN)) => Ok(Seen::Nothing),
            Some(Err(source)) => Err(failed("read events")(source)),
        }
    }
}

fn watch(inotify: &Inotify, places: &Places, folder: &Path) -> Sight {
    let flags = AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_MODIFY
        | AddWatchFlags::IN_CLOSE_WRITE
        | AddWatchFlags::IN_ATTRIB
        | AddWatchFlags::IN_MOVE
        | AddWatchFlags::IN_DELETE
        | AddWatchFlags::IN_DELETE_SELF
        | AddWatchFlags::IN_MOVE_SELF
        | AddWatchFlags::IN_ONLYDIR;
    // A folder that can't be opened is told by the run.
    let Ok(Some(dir)) = Dir::open(places, folder) else { return Sight::Absent };
    match inotify.add_watch(&dir.own_path(), flags) {
        Ok(_) => Sight::Full,
        Err(error) => {
            Sight::Blind(format!("inotify_add_watch {}: {}", folder.display(), text(error)))
        }
    }
}

/// What the kernel said, and what helps where it is not what it says.
fn text(error: Errno) -> String {
    let said = io::Error::from(error);
    let limit = match error == Errno::EMFILE || error == Errno::ENOSPC {
        true => " (the limits are fs.inotify.max_user_instances and fs.inotify.max_user_watches)",
        false => "",
    };
    format!("{said}{limit}")
}

fn failed(doing: &'static str) -> impl FnOnce(Errno) -> InstallError {
    move |source| InstallError::Watch { doing, source }
}
