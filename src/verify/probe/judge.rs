//! What was seen of a trial, and what that means.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::policy::ProxyPorts;

use super::check::{Expected, Transport, Trial};
use super::report::{Finding, Outcome};

/// What was seen of a trial.
#[derive(Debug)]
pub(super) enum Seen {
    /// It came to a port on which the probe listens, and this is where it was going; a datagram
    /// does not tell.
    Arrived { port: u16, original: Option<SocketAddr> },
    /// Somebody else was there.
    Stranger,
    /// It was refused.
    Refused,
    /// It could not be sent, or the network answered with an error.
    Error(io::Error),
    /// Its source address is not there.
    NoSource(io::Error),
    /// Nothing happened in time.
    Silence,
    /// The probe could not listen where it should arrive.
    Deaf { port: u16, error: io::Error },
}

/// What is known when a trial is judged.
pub(super) struct Terms {
    pub(super) ports: ProxyPorts,
    pub(super) limit: Duration,
}

pub(super) fn judge(trial: &Trial, seen: &Seen, terms: &Terms) -> Finding {
    let (outcome, text) = match trial.expected {
        Expected::Captured(wanted) => captured(trial, wanted, seen, terms),
        Expected::Direct => direct(trial, seen, terms),
        Expected::Steered(wanted) => steered(wanted, seen, terms),
        Expected::Refused => refused(seen, terms),
    };
    Finding {
        check: trial.check,
        to: Some(trial.to),
        outcome,
        advice: advice(outcome, seen),
        seen: text,
    }
}

fn captured(trial: &Trial, wanted: u16, seen: &Seen, terms: &Terms) -> (Outcome, String) {
    let name = terms.name(wanted);
    match seen {
        Seen::Arrived { port, original } if *port == wanted => match original {
            Some(original) if *original != trial.to => {
                let text = format!("came to {name}, but with original destination {original}");
                (Outcome::Failed, text)
            }
            Some(_) => (Outcome::Proven, format!("came to {name} with its original destination")),
            None => (Outcome::Proven, format!("came to {name}")),
        },
        Seen::Arrived { port, .. } if terms.is_proxys(*port) => {
            (Outcome::Failed, format!("came to {} instead of {name}", terms.name(*port)))
        }
        Seen::Arrived { .. } => (Outcome::Failed, "not captured: it came where it was sent".into()),
        Seen::Stranger => (Outcome::Failed, "not captured: somebody else was there".into()),
        Seen::Refused => (
            Outcome::Failed,
            format!(
                "refused: not captured, or the rules lead to another port than {wanted}, where \
                 nobody listens"
            ),
        ),
        Seen::Error(error) => {
            (Outcome::Failed, format!("not captured: it went its way, and failed: {error}"))
        }
        Seen::Silence => (
            Outcome::Failed,
            format!(
                "no answer within {:?}: not captured, or the rules lead where nobody answers",
                terms.limit
            ),
        ),
        Seen::NoSource(_) | Seen::Deaf { .. } => broken(seen, terms),
    }
}

fn direct(trial: &Trial, seen: &Seen, terms: &Terms) -> (Outcome, String) {
    match seen {
        Seen::Arrived { port, .. } if *port == trial.to.port() => {
            (Outcome::Direct, "not captured, as the policy says; so it is without rules".into())
        }
        Seen::Arrived { port, .. } => {
            (Outcome::Failed, format!("captured: it came to {}", terms.name(*port)))
        }
        Seen::Refused => {
            (Outcome::Failed, "refused, though the probe listens where it was sent".into())
        }
        Seen::Stranger => (Outcome::Failed, "somebody else was there".into()),
        Seen::Error(error) => (Outcome::Failed, format!("failed: {error}")),
        Seen::NoSource(_) | Seen::Silence | Seen::Deaf { .. } => broken(seen, terms),
    }
}

fn steered(wanted: u16, seen: &Seen, terms: &Terms) -> (Outcome, String) {
    let name = terms.name(wanted);
    match seen {
        Seen::Refused => (
            Outcome::Kept,
            format!(
                "a rule kept it from where it was sent, on which the probe listens: refused, as \
                 for {name} no transparent socket listens; whether the rule means that port can't \
                 be seen"
            ),
        ),
        Seen::Arrived { port, .. } if terms.is_proxys(*port) => {
            (Outcome::Failed, format!("came to {} by redirect, not by TPROXY", terms.name(*port)))
        }
        Seen::Arrived { .. } => (Outcome::Failed, "not captured: it came where it was sent".into()),
        Seen::Stranger => (Outcome::Failed, "somebody else was there".into()),
        Seen::Error(error) => (Outcome::Failed, format!("failed: {error}")),
        Seen::NoSource(_) | Seen::Silence | Seen::Deaf { .. } => broken(seen, terms),
    }
}

fn refused(seen: &Seen, terms: &Terms) -> (Outcome, String) {
    match seen {
        // With a hop limit of 1, nobody but this host or the next one could have refused it.
        Seen::Refused => (Outcome::Proven, "refused at once, as the policy says".into()),
        Seen::Arrived { port, .. } => {
            (Outcome::Failed, format!("not refused: it came to {}", terms.name(*port)))
        }
        Seen::Stranger => (Outcome::Failed, "not refused: somebody was there".into()),
        Seen::Error(error) => {
            (Outcome::Failed, format!("not refused: it went its way, and failed: {error}"))
        }
        Seen::NoSource(_) | Seen::Silence | Seen::Deaf { .. } => broken(seen, terms),
    }
}

fn broken(seen: &Seen, terms: &Terms) -> (Outcome, String) {
    match seen {
        Seen::NoSource(error) => {
            (Outcome::Failed, format!("can't send from the passthrough source: {error}"))
        }
        Seen::Deaf { port, error } if error.kind() == io::ErrorKind::PermissionDenied => {
            (Outcome::Unproven, format!("may not listen on {}: {error}", terms.name(*port)))
        }
        Seen::Deaf { port, error } => {
            (Outcome::Failed, format!("can't listen on {}: {error}", terms.name(*port)))
        }
        Seen::Silence | Seen::Arrived { .. } | Seen::Stranger | Seen::Refused | Seen::Error(_) => {
            (Outcome::Failed, format!("no answer within {:?}", terms.limit))
        }
    }
}

fn advice(outcome: Outcome, seen: &Seen) -> Option<String> {
    let text = match (outcome, seen) {
        (Outcome::Failed, Seen::Deaf { error, .. }) if error.kind() == io::ErrorKind::AddrInUse => {
            "run the probe before the proxy and the app"
        }
        (Outcome::Unproven, Seen::Deaf { .. }) => {
            "ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE"
        }
        (Outcome::Failed, Seen::Deaf { .. }) => return None,
        (Outcome::Failed, Seen::NoSource(_)) => "`nftdivert apply` puts it on lo; was it run?",
        (Outcome::Failed, _) => {
            "was this policy applied? `nftdivert verify` with CAP_NET_ADMIN names what differs"
        }
        (Outcome::Proven | Outcome::Kept | Outcome::Direct | Outcome::Unproven, _) => return None,
    };
    Some(text.to_owned())
}

impl Terms {
    /// What the policy calls a port of the proxy.
    fn name(&self, port: u16) -> String {
        let ports = self.ports;
        let all = [("outbound", ports.outbound), ("inbound", ports.inbound), ("DNS", ports.dns)];
        let own = all.into_iter().filter(|(_, own)| own.get() == port);
        let names: Vec<&str> = own.map(|(name, _)| name).collect();
        match names.is_empty() {
            true => format!("port {port}"),
            false => format!("the {} port {port}", names.join(" and ")),
        }
    }

    fn is_proxys(&self, port: u16) -> bool {
        let ports = self.ports;
        [ports.outbound, ports.inbound, ports.dns].iter().any(|own| own.get() == port)
    }
}

/// The port on which the probe has to listen for a trial to end as it should.
pub(super) fn landing(trial: &Trial) -> Option<(Transport, u16)> {
    match trial.expected {
        Expected::Captured(port) => Some((trial.check.transport(), port)),
        Expected::Steered(_) | Expected::Direct => Some((Transport::Tcp, trial.to.port())),
        Expected::Refused => None,
    }
}
