//! Proves capture from inside, without any privilege: a random token through the redirect.
//!
//! Before the proxy runs, the probe listens on the proxy's ports, connects, and sees by its token
//! where each connection came and where it was going. What it expects is what
//! [`explain`](crate::explain::explain) says of the policy's rules. What can't be tried from
//! inside is told, never taken for granted.

mod candidates;
mod check;
mod decide;
mod error;
mod judge;
mod listen;
mod place;
mod reasons;
mod report;
mod send;
mod surroundings;
mod token;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::runtime::Builder;
use tokio::time::{Instant, timeout_at};

use crate::net::resolv::name_servers;
use crate::plan::{HostFacts, plan};
use crate::policy::{CapturePolicy, Dns, NameServers};
use crate::words::Port;

use check::{Transport, Trial};
use decide::{Known, Step, decide};
use judge::{Seen, Terms, judge, landing};
use listen::Listeners;
use place::{NAMED_CGROUP, Place};
use send::Progress;
use token::Token;

pub use check::{Check, Transport as QueryTransport};
pub use error::ProbeError;
pub use place::Role;
pub use report::{Finding, Outcome, Report};

/// How a probe is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeOptions {
    /// Where calls to the pod's own addresses go; none of the proxy's ports.
    pub port: Port,
    /// How long all of it may take.
    pub limit: Duration,
    /// The pod's root directory: below it is the file that names the servers whose queries are
    /// captured, where the policy says so.
    pub root: PathBuf,
}

/// Tries what the policy says, in the network namespace and as the user of the calling thread.
///
/// It takes no capability and no file but `etc/resolv.conf`, and that one only for
/// `dns.servers: resolvConf`. The ports of the proxy must be free. To foreign hosts it sends
/// nothing but the first packet of a connection, or a query for a name that nobody has, and these
/// not further than the next host. It starts a tokio runtime of its own, so it must not be called
/// in one.
///
/// # Errors
/// The probe can't begin. What is seen, the bad too, is in the report.
pub fn probe(policy: &CapturePolicy, options: &ProbeOptions) -> Result<Report, ProbeError> {
    let ports = policy.proxy.ports;
    let of_proxy = [ports.outbound, ports.inbound, ports.dns];
    if of_proxy.contains(&options.port) {
        return Err(ProbeError::PortOfProxy(options.port));
    }
    if options.limit.is_zero() {
        return Err(ProbeError::NoTime(options.limit));
    }
    let name_servers = match policy.dns {
        Dns::Listed(NameServers::ResolvConf) => name_servers(&options.root)?,
        Dns::Off | Dns::All | Dns::Listed(NameServers::Only(_)) => Vec::new(),
    };
    let cgroup = policy.proxy.identity.marks().cgroup.as_ref().map(|_| NAMED_CGROUP);
    let facts = HostFacts { name_servers, cgroup, ..HostFacts::default() };
    let plan = plan(policy, &facts)?;
    let place = surroundings::place()?;
    let steps = decide(&Known {
        policy,
        ruleset: &plan.ruleset,
        name_servers: &facts.name_servers,
        place: &place,
        port: options.port,
        routes: &|to| surroundings::route(&place, to),
    });
    let runtime =
        Builder::new_current_thread().enable_all().build().map_err(ProbeError::Runtime)?;
    let trying = Trying { policy, options, place: &place, token: Token::new() };
    let findings = runtime.block_on(trying.all(&steps));
    Ok(Report { role: place.role(policy), findings })
}

/// What all trials share.
struct Trying<'a> {
    policy: &'a CapturePolicy,
    options: &'a ProbeOptions,
    place: &'a Place,
    token: Token,
}

impl Trying<'_> {
    /// Tries all at once, so that each has all the time.
    async fn all(&self, steps: &[Step]) -> Vec<Finding> {
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
fn again(error: &std::io::Error) -> std::io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error)
}
