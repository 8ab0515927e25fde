//! Tries everything at once, within one deadline.

use std::cell::Cell;
use std::io;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout_at};

use super::ProbeOptions;
use super::check::{Transport, Trial};
use super::decide::Step;
use super::judge::{Seen, Terms, judge, landing};
use super::listen::{self, Listeners};
use super::place::Place;
use super::report::Finding;
use super::send::{self, Progress};
use super::token::Token;
use crate::policy::{CapturePolicy, Dns};
use crate::words::Port;

/// What all trials share.
pub(super) struct Trying<'a> {
    pub(super) policy: &'a CapturePolicy,
    pub(super) options: &'a ProbeOptions,
    pub(super) place: &'a Place,
    pub(super) token: Token,
}

impl Trying<'_> {
    /// Tries all at once, so that each has all the time.
    pub(super) async fn all(&self, steps: &[Step]) -> Vec<Finding> {
        let deadline = Instant::now().checked_add(self.options.limit);
        let listeners = listen::open(&self.ports());
        let mut serving: FuturesUnordered<_> = listeners
            .iter()
            .filter_map(|((_, port), listener)| Some((*port, listener.as_ref().ok()?)))
            .map(|(port, listener)| listen::serve(listener, port, &self.token, self.place))
            .collect();
        let findings = join_all(steps.iter().map(|step| self.finding(step, &listeners, deadline)));
        tokio::pin!(findings);
        loop {
            tokio::select! {
                findings = &mut findings => return findings,
                // They accept for ever.
                Some(()) = serving.next() => {}
            }
        }
    }

    fn ports(&self) -> Vec<u16> {
        let ports = self.policy.proxy.ports;
        let mut all = vec![ports.outbound, ports.inbound, self.options.port];
        if self.policy.dns != Dns::Off {
            all.push(ports.dns);
        }
        all.into_iter().map(Port::get).collect()
    }

    async fn finding(
        &self,
        step: &Step,
        listeners: &Listeners,
        deadline: Option<Instant>,
    ) -> Finding {
        let trial = match step {
            Step::Try(trial) => trial,
            Step::Tell(finding) => return finding.clone(),
        };
        let progress = Cell::new(Progress::Sent);
        let trying = self.seen(trial, listeners, &progress);
        let seen = match deadline {
            Some(deadline) => timeout_at(deadline, trying).await.ok(),
            None => Some(trying.await),
        };
        let seen = seen.unwrap_or_else(|| match progress.get() {
            Progress::Sent => Seen::Silence,
            Progress::Connected => Seen::Stranger,
        });
        let terms = Terms { ports: self.policy.proxy.ports, limit: self.options.limit };
        judge(trial, &seen, &terms)
    }

    async fn seen(&self, trial: &Trial, listeners: &Listeners, progress: &Cell<Progress>) -> Seen {
        match landing(trial) {
            Some((Transport::Udp, port)) => send::query(trial, &self.token, port).await,
            Some((Transport::Tcp, port)) => match listeners.get(&(trial.family(), port)) {
                Some(Err(error)) => Seen::Deaf { port, error: again(error) },
                Some(Ok(_)) | None => send::connection(trial, &self.token, progress).await,
            },
            None => send::connection(trial, &self.token, progress).await,
        }
    }
}

/// The same error: several trials may tell of one port.
fn again(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
