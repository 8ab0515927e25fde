//! A packet that was traced, in words and as JSON.

use serde_json::{Value, json};

use super::super::explain::{between, head, step_json};
use super::super::output::{BAD, DIM, GOOD, NOTE, Output};
use crate::explain::{Addresses, Capture, Protocol};
use crate::follow::{Fate, Followed, Headers, Met};
use crate::trace::Tables;

/// The bits of the TCP header's byte of flags, with their names.
const FLAGS: [(u8, &str); 5] = [(2, "syn"), (1, "fin"), (4, "rst"), (8, "psh"), (16, "ack")];

/// What is shown.
pub(super) struct Shown<'a> {
    pub(super) followed: &'a Followed,
    pub(super) iif: Option<String>,
    pub(super) oif: Option<String>,
    pub(super) tables: Tables,
}

pub(super) fn show(shown: &Shown<'_>, output: &Output) {
    let Followed { fate, notes, .. } = shown.followed;
    let mut lines = vec![packet_text(shown)];
    for (_, met) in shown.steps() {
        lines.push(format!("{}{}", table(met), head(&met.step)));
        lines.push(format!("  {}", met.step.text));
    }
    let style = match fate {
        Fate::Captured { .. } => GOOD,
        Fate::Rejected { .. } | Fate::Dropped { .. } => BAD,
        Fate::Direct { .. } | Fate::NotSeen | Fate::Rewritten { .. } => NOTE,
    };
    lines.push(format!("{style}{}{style:#}", shown.fate()));
    lines.extend(notes.iter().map(|note| format!("{DIM}{note}{DIM:#}")));
    output.line(&format!("{}\n", lines.join("\n")));
    output.json_line(&as_json(shown));
}

impl Shown<'_> {
    /// Our rules, with those of others where they were asked for or decided.
    fn steps(&self) -> impl Iterator<Item = (usize, &Met)> {
        let decided = self.deciding();
        let is_shown = move |(place, met): &(usize, &Met)| {
            met.is_own || self.tables == Tables::All || decided == Some(*place)
        };
        self.followed.met.iter().enumerate().filter(is_shown)
    }

    /// The place of the step that decided.
    fn deciding(&self) -> Option<usize> {
        match self.followed.fate {
            Fate::Captured { by, .. } => by.map(|(_, step)| step),
            Fate::Direct { step } => step,
            Fate::Rejected { step } | Fate::Dropped { step } => Some(step),
            Fate::NotSeen | Fate::Rewritten { .. } => None,
        }
    }

    /// The final sentence.
    fn fate(&self) -> String {
        let by = self.deciding().and_then(|step| self.followed.met.get(step)).map(rule_name);
        let by = by.map(|name| format!(", by {name}"));
        match &self.followed.fate {
            Fate::Captured { port, by: Some((Capture::Tproxy, _)) } => {
                format!("captured: port {port} by TPROXY{}", by.unwrap_or_default())
            }
            Fate::Captured { port, by: Some((Capture::Redirect, _)) } => {
                format!("captured: port {port}{}", by.unwrap_or_default())
            }
            Fate::Captured { port, by: None } => {
                format!("captured: port {port}, as the first packet of its connection")
            }
            Fate::Rewritten { address, port } => {
                let to = port.map_or_else(
                    || address.to_string(),
                    |port| std::net::SocketAddr::new(*address, port).to_string(),
                );
                format!("redirected to {to}, by no rule of ours")
            }
            Fate::Direct { .. } => match by {
                Some(by) => format!("direct: not captured{by}"),
                None => "direct: not captured, no rule of ours matched".to_owned(),
            },
            Fate::NotSeen => "not seen by our rules".to_owned(),
            Fate::Rejected { .. } => {
                format!("rejected: the sender is told{}", by.unwrap_or_default())
            }
            Fate::Dropped { .. } => format!("dropped: nobody is told{}", by.unwrap_or_default()),
        }
    }
}

/// The table of a rule of others, in front of its chain.
fn table(met: &Met) -> String {
    if met.is_own { String::new() } else { format!("{} ", met.table) }
}

fn rule_name(met: &Met) -> String {
    let rule = match met.step.rule {
        Some(number) => format!("rule {number}"),
        None => met.step.text.clone(),
    };
    format!("{}{}, {rule}", table(met), met.step.chain)
}

fn packet_text(shown: &Shown<'_>) -> String {
    let mut parts = vec![shown.followed.headers.map_or_else(unreadable, headers_text)];
    parts.extend(shown.iif.as_ref().map(|name| format!("comes by {name}")));
    parts.extend(shown.oif.as_ref().map(|name| format!("leaves by {name}")));
    parts.extend(shown.followed.headers.and_then(flags));
    parts.join(", ")
}

fn unreadable() -> String {
    "a packet whose headers can't be read".to_owned()
}

fn headers_text(headers: Headers) -> String {
    let (from, to) = (headers.addresses.source(), headers.addresses.destination());
    match headers.protocol {
        Protocol::Tcp { ports, .. } => format!("tcp {}", between(from, to, ports)),
        Protocol::Udp { ports } => format!("udp {}", between(from, to, ports)),
        Protocol::Icmp { kind } => format!("icmp type {kind} {from} -> {to}"),
        Protocol::Other(number) => format!("protocol {number} {from} -> {to}"),
    }
}

fn flags(headers: Headers) -> Option<String> {
    let Protocol::Tcp { flags, .. } = headers.protocol else { return None };
    let set = FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name);
    Some(set.collect::<Vec<_>>().join(" ")).filter(|names| !names.is_empty())
}

fn as_json(shown: &Shown<'_>) -> Value {
    let mut object = match &shown.followed.fate {
        Fate::Captured { port, by } => json!({
            "verdict": "captured",
            "port": port,
            "by": by.map(|(how, _)| match how {
                Capture::Redirect => "redirect",
                Capture::Tproxy => "tproxy",
            }),
        }),
        Fate::Rewritten { address, port } => {
            json!({ "verdict": "redirected", "address": address, "port": port })
        }
        Fate::Direct { .. } => json!({ "verdict": "direct" }),
        Fate::NotSeen => json!({ "verdict": "notSeen" }),
        Fate::Rejected { .. } => json!({ "verdict": "rejected" }),
        Fate::Dropped { .. } => json!({ "verdict": "dropped" }),
    };
    object["said"] = json!(shown.fate());
    object["packet"] = json!(packet_text(shown));
    if let Some(headers) = shown.followed.headers {
        object["family"] = json!(match headers.addresses {
            Addresses::V4 { .. } => "ipv4",
            Addresses::V6 { .. } => "ipv6",
        });
        object["source"] = json!(headers.addresses.source());
        object["destination"] = json!(headers.addresses.destination());
        let ports = headers.protocol.ports();
        object["sourcePort"] = json!(ports.map(|ports| ports.source));
        object["destinationPort"] = json!(ports.map(|ports| ports.destination));
    }
    object["iif"] = json!(shown.iif);
    object["oif"] = json!(shown.oif);
    object["steps"] = shown.steps().map(|(_, met)| met_json(met)).collect();
    object["notes"] = json!(shown.followed.notes);
    object
}

fn met_json(met: &Met) -> Value {
    let mut step = step_json(&met.step);
    step["table"] = json!(met.table);
    step
}
