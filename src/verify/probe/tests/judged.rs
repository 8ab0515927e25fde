//! What is made of what was seen.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::policy;
use crate::verify::probe::aspect::Aspect;
use crate::verify::probe::check::{Check, Expected, Transport, Trial};
use crate::verify::probe::judge::{Seen, Terms, judge};
use crate::verify::probe::place::Role;
use crate::verify::probe::report::{Finding, Outcome, Report};
use crate::words::IpFamily;

fn judged(expected: Expected, seen: Seen) -> Finding {
    let to = "192.0.2.1:15002".parse().unwrap();
    let trial = Trial { check: Check::Outbound(IpFamily::V4), from: None, to, expected };
    let terms = Terms { ports: policy("").proxy.ports, limit: Duration::from_secs(5) };
    judge(&trial, &seen, &terms)
}

fn arrived(port: u16, original: &str) -> Seen {
    let original: SocketAddr = original.parse().unwrap();
    Seen::Arrived { port, original: Some(original) }
}

#[test]
fn only_the_right_port_and_destination_prove_capture() {
    let wanted = Expected::Captured(15001);
    let right = judged(wanted, arrived(15001, "192.0.2.1:15002"));
    assert_eq!((right.outcome, right.advice), (Outcome::Proven, None));
    for (seen, text) in [
        (arrived(15001, "192.0.2.1:81"), "original destination 192.0.2.1:81"),
        (arrived(15006, "192.0.2.1:15002"), "the inbound port 15006 instead of"),
        (arrived(15002, "192.0.2.1:15002"), "it came where it was sent"),
        (Seen::Stranger, "somebody else was there"),
        (Seen::Refused, "another port than 15001"),
        (Seen::Error(io::ErrorKind::HostUnreachable.into()), "it went its way"),
        (Seen::Silence, "no answer within 5s"),
    ] {
        let finding = judged(wanted, seen);
        assert_eq!(finding.outcome, Outcome::Failed);
        assert!(finding.seen.contains(text), "{finding:?}");
        assert!(finding.advice.unwrap().contains("was this policy applied"));
    }
}

#[test]
fn direct_steered_and_refused_are_told_apart() {
    let own = || arrived(15002, "192.0.2.1:15002");
    let captured = || arrived(15006, "192.0.2.1:15002");
    for (expected, seen, outcome) in [
        (Expected::Direct, own(), Outcome::Direct),
        (Expected::Direct, captured(), Outcome::Failed),
        (Expected::Direct, Seen::Refused, Outcome::Failed),
        (Expected::Steered(15006), Seen::Refused, Outcome::Kept),
        (Expected::Steered(15006), own(), Outcome::Failed),
        (Expected::Steered(15006), captured(), Outcome::Failed),
        (Expected::Refused, Seen::Refused, Outcome::Proven),
        (Expected::Refused, own(), Outcome::Failed),
        (Expected::Refused, Seen::Silence, Outcome::Failed),
    ] {
        assert_eq!(judged(expected, seen).outcome, outcome, "{expected:?}");
    }
}

#[test]
fn a_port_that_is_taken_fails_and_one_that_is_forbidden_is_unproven() {
    let deaf = |kind: io::ErrorKind| Seen::Deaf { port: 15001, error: kind.into() };
    let taken = judged(Expected::Captured(15001), deaf(io::ErrorKind::AddrInUse));
    assert_eq!(taken.outcome, Outcome::Failed);
    assert_eq!(taken.advice.unwrap(), "run the probe before the proxy and the app");
    let forbidden = judged(Expected::Captured(15001), deaf(io::ErrorKind::PermissionDenied));
    assert_eq!(forbidden.outcome, Outcome::Unproven);
    assert!(forbidden.advice.unwrap().contains("CAP_NET_BIND_SERVICE"));
}

#[test]
fn a_report_holds_by_what_was_proven_alone() {
    let report = |outcomes: &[Outcome]| {
        let finding = |outcome: &Outcome| {
            let finding = Finding::unproven(Check::Inbound, "", None);
            Finding { outcome: *outcome, ..finding }
        };
        Report { role: Role::App, findings: outcomes.iter().map(finding).collect() }
    };
    assert!(report(&[Outcome::Proven, Outcome::Direct, Outcome::Unproven]).holds());
    assert!(!report(&[Outcome::Proven, Outcome::Failed]).holds());
    assert!(!report(&[Outcome::Direct, Outcome::Unproven]).holds());
    assert!(!report(&[]).holds());
}

#[test]
fn what_is_required_must_be_proven_in_each_way() {
    let (v4, v6) = (IpFamily::V4, IpFamily::V6);
    let report = |findings: &[(Check, Outcome)]| {
        let finding = |(check, outcome): &(Check, Outcome)| Finding {
            outcome: *outcome,
            ..Finding::unproven(*check, "", None)
        };
        Report { role: Role::App, findings: findings.iter().map(finding).collect() }
    };
    let found = report(&[
        (Check::Outbound(v4), Outcome::Proven),
        (Check::Outbound(v4), Outcome::Proven),
        (Check::Outbound(v6), Outcome::Unproven),
        (Check::Dns(v4, Transport::Udp), Outcome::Proven),
        (Check::Dns(v4, Transport::Tcp), Outcome::Failed),
        (Check::SelfCall(v4), Outcome::Kept),
    ]);
    let missing = found.missing(&Aspect::ALL);
    assert_eq!(missing, Aspect::ALL[1..]);
    assert!(found.missing(&[Aspect::Outbound(v4)]).is_empty());
    assert_eq!("dns-ipv6".parse(), Ok(Aspect::Dns(v6)));
    assert!("dns".parse::<Aspect>().unwrap_err().contains("self-call-ipv4"));
}

#[test]
fn what_is_kept_holds_as_long_as_nothing_fails() {
    let report = |outcomes: &[Outcome]| {
        let finding = |outcome: &Outcome| Finding {
            outcome: *outcome,
            ..Finding::unproven(Check::Inbound, "", None)
        };
        Report { role: Role::Proxy, findings: outcomes.iter().map(finding).collect() }
    };
    assert!(report(&[Outcome::Kept, Outcome::Unproven]).holds());
    assert!(!report(&[Outcome::Kept, Outcome::Failed]).holds());
}
