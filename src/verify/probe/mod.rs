//! Proves capture from inside, without any privilege: a random token through the redirect.
//!
//! Before the proxy runs, the probe listens on the proxy's ports, connects, and sees by its token
//! where each connection came and where it was going. What it expects is what
//! [`explain`](crate::explain::explain) says of the policy's rules. What can't be tried from
//! inside is told, never taken for granted.

mod aspect;
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
mod trying;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};

use crate::net::resolv::name_servers;
use crate::plan::{HostFacts, plan};
use crate::policy::{CapturePolicy, Dns, NameServers};
use crate::words::Port;

use decide::{Known, decide};
use place::NAMED_CGROUP;
use token::Token;
use trying::Trying;

pub use aspect::Aspect;
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
/// not further than the next host. It waits in a tokio runtime of its own, and refuses to be called in
/// another.
///
/// # Errors
/// The probe can't begin. What is seen, the bad too, is in the report.
pub fn probe(policy: &CapturePolicy, options: &ProbeOptions) -> Result<Report, ProbeError> {
    check(policy, options)?;
    let facts = facts(policy, options)?;
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

fn check(policy: &CapturePolicy, options: &ProbeOptions) -> Result<(), ProbeError> {
    let ports = policy.proxy.ports;
    if [ports.outbound, ports.inbound, ports.tunnel, ports.dns].contains(&options.port) {
        return Err(ProbeError::PortOfProxy(options.port));
    }
    if options.limit.is_zero() {
        return Err(ProbeError::NoTime(options.limit));
    }
    match Handle::try_current() {
        Ok(_) => Err(ProbeError::InRuntime),
        Err(_) => Ok(()),
    }
}

/// What planning has to know, as far as it makes a difference here.
fn facts(policy: &CapturePolicy, options: &ProbeOptions) -> Result<HostFacts, ProbeError> {
    let name_servers = match policy.dns {
        Dns::Listed(NameServers::ResolvConf) => name_servers(&options.root)?,
        Dns::Off | Dns::All | Dns::Listed(NameServers::Only(_)) => Vec::new(),
    };
    let cgroup = policy.proxy.identity.marks().cgroup.as_ref().map(|_| NAMED_CGROUP);
    Ok(HostFacts { name_servers, cgroup, ..HostFacts::default() })
}
