//! What a trace waits for: events, and that it is time to end.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::error::TraceError;

/// SIGTERM and SIGINT, which end a trace in good order.
#[derive(Debug)]
pub struct Signals(SignalFd);

impl Signals {
    /// From here on they are seen here, and end nothing by themselves: neither this thread nor
    /// those that it starts.
    ///
    /// # Errors
    /// The kernel refused.
    pub fn hold_back() -> Result<Self, TraceError> {
        let failed = |doing| move |source| TraceError::Wait { doing, source };
        let mut set = SigSet::empty();
        set.add(Signal::SIGTERM);
        set.add(Signal::SIGINT);
        set.thread_block().map_err(failed("hold back signals"))?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        SignalFd::with_flags(&set, flags).map(Self).map_err(failed("see signals"))
    }

    /// Waits until there is something to read or `limit` is over; `true` if a signal came.
    pub(super) fn wait(&self, events: BorrowedFd<'_>, limit: Duration) -> Result<bool, TraceError> {
        // Not less than a millisecond, for less would be none.
        let limit = limit.max(Duration::from_millis(1));
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
        let wanted = PollFlags::POLLIN;
        let mut fds = [PollFd::new(self.0.as_fd(), wanted), PollFd::new(events, wanted)];
        match poll(&mut fds, limit) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(source) => return Err(TraceError::Wait { doing: "wait for events", source }),
        }
        let signal = self.0.read_signal();
        let signal = signal.map_err(|source| TraceError::Wait { doing: "see signals", source })?;
        Ok(signal.is_some())
    }
}
