//! A thread in a namespace with a runtime of its own, which ends when its handle is dropped.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::identity::assume;
use super::{DemoError, Member};
use crate::net::netns::Netns;

const START_LIMIT: Duration = Duration::from_secs(5);
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// A running thread and its tasks; dropping it ends both.
#[derive(Debug)]
pub(super) struct Worker {
    stop: Option<oneshot::Sender<()>>,
    ended: Mutex<Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a thread in `place` as `member` and runs `setup` in its runtime. The tasks that `setup`
    /// spawns live as long as the worker; what it returns is handed to the caller.
    pub(super) fn start<T: Send + 'static>(
        place: &Netns,
        member: Member,
        name: &str,
        setup: impl FnOnce() -> Result<T, DemoError> + Send + 'static,
    ) -> Result<(Self, T), DemoError> {
        let (ready, outcome) = sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let (alive, ended) = channel::<()>();
        let thread = place.spawn(name, move || {
            live(&member, setup, &ready, stopped);
            drop(alive);
        })?;
        let worker = Self { stop: Some(stop), ended: Mutex::new(ended), thread: Some(thread) };
        match outcome.recv_timeout(START_LIMIT) {
            Ok(value) => Ok((worker, value?)),
            Err(RecvTimeoutError::Disconnected) => Err(DemoError::Ended { name: name.to_owned() }),
            Err(RecvTimeoutError::Timeout) => Err(DemoError::TimedOut {
                operation: "start",
                object: name.to_owned(),
                limit: START_LIMIT,
            }),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(STOP_LIMIT) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!(thread = ?self.thread, "demo thread did not stop in time");
            return;
        }
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::warn!("demo thread panicked");
        }
    }
}

/// A runtime for the calling thread alone.
pub(super) fn runtime() -> Result<Runtime, DemoError> {
    Builder::new_current_thread().enable_all().build().map_err(DemoError::io("start", "a runtime"))
}

fn live<T>(
    member: &Member,
    setup: impl FnOnce() -> Result<T, DemoError>,
    ready: &SyncSender<Result<T, DemoError>>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = match assume(member).and_then(|()| runtime()) {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(error))),
    };
    runtime.block_on(async {
        let value = setup();
        let proceed = value.is_ok();
        if ready.send(value).is_ok() && proceed {
            // Both a word and a vanished handle mean the end.
            stopped.await.ok();
        }
    });
}
