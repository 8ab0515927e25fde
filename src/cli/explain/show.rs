//! An explanation in words and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::output::{BAD, DIM, GOOD, NOTE, Output};
use crate::explain::{Capture, Effect, Explanation, Matched, Packet, Protocol, Step, Verdict, Way};
use crate::policy::CapturePolicy;

/// What is shown.
pub(super) struct Shown<'a> {
    pub(super) explanation: Explanation,
    pub(super) packet: &'a Packet,
    pub(super) policy: &'a CapturePolicy,
    pub(super) source: &'a str,
    pub(super) all: bool,
}

pub(super) fn show(shown: &Shown<'_>, output: &Output) {
    let verdict = &shown.explanation.verdict;
    let style = match verdict {
        Verdict::Captured { .. } => GOOD,
        Verdict::Rejected | Verdict::Dropped => BAD,
        Verdict::Direct | Verdict::Unknown { .. } => NOTE,
    };
    output.line(&format!("{style}{}{style:#}", verdict_text(verdict, shown.policy)));
    output.line(&format!("{DIM}{}; rules of {}{DIM:#}", packet_text(shown.packet), shown.source));
    for step in steps(shown) {
        output.line(&head(step));
        output.line(&format!("  {}", step.text));
    }
    let notes: Vec<String> = note(verdict).into_iter().map(str::to_owned).collect();
    output.notes(&notes);
    output.json(&as_json(shown, &notes));
}

/// The rules that decided or changed something, or all.
fn steps<'a>(shown: &'a Shown<'_>) -> impl Iterator<Item = &'a Step> {
    shown.explanation.steps.iter().filter(|step| shown.all || !step.effects.is_empty())
}

fn note(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Captured { by: Capture::Tproxy, .. } => {
            Some("the proxy is taken to listen there with a transparent socket")
        }
        Verdict::Captured { by: Capture::Redirect, .. }
        | Verdict::Direct
        | Verdict::Rejected
        | Verdict::Dropped
        | Verdict::Unknown { .. } => None,
    }
}

fn verdict_text(verdict: &Verdict, policy: &CapturePolicy) -> String {
    match verdict {
        Verdict::Captured { port, by } => {
            let names = names(*port, policy).join(" and ");
            let name = if names.is_empty() { names } else { format!("{names} ") };
            let how = match by {
                Capture::Redirect => "",
                Capture::Tproxy => " by TPROXY",
            };
            format!("captured: {name}port {port}{how}")
        }
        Verdict::Direct => "direct: not captured".to_owned(),
        Verdict::Rejected => "rejected: the sender is told".to_owned(),
        Verdict::Dropped => "dropped: nobody is told".to_owned(),
        Verdict::Unknown { what } => format!("not known: {what}"),
    }
}

/// What the policy calls a port of the proxy.
fn names(port: u16, policy: &CapturePolicy) -> Vec<&'static str> {
    let ports = policy.proxy.ports;
    let all = [("outbound", ports.outbound), ("inbound", ports.inbound), ("DNS", ports.dns)];
    all.into_iter().filter(|(_, own)| own.get() == port).map(|(name, _)| name).collect()
}

/// The chain, the rule's number and what the rule did.
pub(in super::super) fn head(step: &Step) -> String {
    let mut text = step.chain.to_string();
    if let Some(rule) = step.rule {
        let _ = write!(text, ", rule {rule}");
    }
    if !step.setting.is_empty() {
        let _ = write!(text, " ({})", step.setting);
    }
    format!("{text}: {}", did(step).join(", "))
}

fn did(step: &Step) -> Vec<String> {
    let mut done: Vec<String> = step.effects.iter().map(Effect::to_string).collect();
    match step.matched {
        Matched::Yes if done.is_empty() => done.push("matches, and does nothing".to_owned()),
        Matched::Yes => {}
        Matched::No => done.push("does not match".to_owned()),
        Matched::Lacks(what) => done.push(format!("does not match, for the packet lacks {what}")),
    }
    done
}

fn packet_text(packet: &Packet) -> String {
    let (from, to) = (packet.addresses.source(), packet.addresses.destination());
    let mut text = match packet.protocol {
        Protocol::Tcp { ports, .. } => format!("tcp {}", between(from, to, ports)),
        Protocol::Udp { ports } => format!("udp {}", between(from, to, ports)),
        Protocol::Icmp { kind } => format!("icmp type {kind} {from} -> {to}"),
        Protocol::Other(number) => format!("protocol {number} {from} -> {to}"),
    };
    let _ = match &packet.way {
        Way::In { iif } => write!(text, ", comes by {iif}"),
        Way::Out { oif, socket: None } => write!(text, ", leaves by {oif}, without a socket"),
        Way::Out { oif, socket: Some(socket) } => {
            write!(text, ", leaves by {oif}, uid {}, gid {}", socket.uid, socket.gid)
        }
    };
    if packet.mark != 0 {
        let _ = write!(text, ", mark {:#x}", packet.mark);
    }
    text
}

/// Both ends with their ports.
pub(in super::super) fn between(
    from: std::net::IpAddr,
    to: std::net::IpAddr,
    ports: crate::explain::Ports,
) -> String {
    let end = |address, port| std::net::SocketAddr::new(address, port);
    format!("{} -> {}", end(from, ports.source), end(to, ports.destination))
}

fn as_json(shown: &Shown<'_>, notes: &[String]) -> Value {
    let mut object = match &shown.explanation.verdict {
        Verdict::Captured { port, by } => json!({
            "verdict": "captured",
            "port": port,
            "portOf": names(*port, shown.policy),
            "by": match by { Capture::Redirect => "redirect", Capture::Tproxy => "tproxy" },
        }),
        Verdict::Direct => json!({ "verdict": "direct" }),
        Verdict::Rejected => json!({ "verdict": "rejected" }),
        Verdict::Dropped => json!({ "verdict": "dropped" }),
        Verdict::Unknown { what } => json!({ "verdict": "unknown", "what": what }),
    };
    object["packet"] = json!(packet_text(shown.packet));
    object["rulesOf"] = json!(shown.source);
    object["steps"] = steps(shown).map(step_json).collect();
    object["notes"] = json!(notes);
    object
}

/// A step for programs.
pub(in super::super) fn step_json(step: &Step) -> Value {
    json!({
        "chain": step.chain,
        "rule": step.rule,
        "nft": step.text,
        "setting": step.setting,
        "matched": step.matched == Matched::Yes,
        "did": step.effects.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
