//! What became of a packet, by its events and the rules that they name.

use std::net::IpAddr;

use super::event::{Direction, Event};
use super::group::Way;
use super::headers::{Headers, parse};
use super::known::KnownRules;
use super::met::{Met, met};
use super::table::{TRACE_TABLE, hook};
use super::table_text;
use crate::explain::{Capture, Effect};
use crate::ruleset::Name;

/// A packet, the rules that it met and matched, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The packet where it was seen first; `None` if its headers can't be read.
    pub headers: Option<Headers>,
    /// The index of the interface by which it came.
    pub iif: Option<u32>,
    /// The index of the interface by which it would leave.
    pub oif: Option<u32>,
    /// What it met, in order.
    pub met: Vec<Met>,
    /// What became of it.
    pub fate: Fate,
    /// What one should know to read it.
    pub notes: Vec<String>,
}

/// What became of a packet; steps are places in [`Followed::met`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes to a port of this pod by our rules.
    Captured {
        /// The port.
        port: u16,
        /// How, and the rule that did it; none where that was done for the first packet of its
        /// connection.
        by: Option<(Capture, usize)>,
    },
    /// It goes elsewhere, and no rule of ours did it.
    Rewritten {
        /// Where.
        address: IpAddr,
        /// To which port, where it has one.
        port: Option<u16>,
    },
    /// It goes where it was sent.
    Direct {
        /// The rule of ours that let it pass; none where no rule of ours matched.
        step: Option<usize>,
    },
    /// None of our chains was asked.
    NotSeen,
    /// It is refused, and the sender is told.
    Rejected {
        /// The rule.
        step: usize,
    },
    /// It is dropped in silence.
    Dropped {
        /// The rule or the policy.
        step: usize,
    },
}

/// What became of a packet.
#[must_use]
pub fn follow(way: &Way, known: &KnownRules) -> Followed {
    let instrument = table_text(1, TRACE_TABLE);
    let told = way.events.iter().chain(&way.again).filter(|event| event.table != instrument);
    let mut steps: Vec<Met> = Vec::new();
    for next in told.filter_map(|event| met(event, known)) {
        // A `return` is told as a rule, and once more as the end of its chain.
        let ends = |met: &Met| met.step.effects == [Effect::Return];
        if !(ends(&next) && next.step.rule.is_none() && steps.last().is_some_and(ends)) {
            steps.push(next);
        }
    }
    let first = way.events.first().and_then(|event| event.headers.as_ref());
    let headers = first.and_then(parse);
    let fate = fate(&steps, headers, last_headers(&way.events), known);
    Followed {
        headers,
        iif: first.and_then(|raw| raw.iif),
        oif: first.and_then(|raw| raw.oif),
        notes: notes(way, &steps, &fate, known),
        met: steps,
        fate,
    }
}

/// The packet as the last base chain of its first hooks saw it.
fn last_headers(events: &[Event]) -> Option<Headers> {
    events.iter().rev().find_map(|event| event.headers.as_ref()).and_then(parse)
}

fn fate(steps: &[Met], first: Option<Headers>, last: Option<Headers>, known: &KnownRules) -> Fate {
    if let Some(end) = steps.iter().enumerate().rev().find_map(end) {
        return end;
    }
    let own = || steps.iter().enumerate().filter(|(_, met)| met.is_own);
    if let Some((step, port, how)) = own().find_map(capture) {
        return Fate::Captured { port, by: Some((how, step)) };
    }
    if let Some((address, port)) = first.zip(last).and_then(rewritten) {
        return match port.filter(|port| known.captures_to(*port)) {
            Some(port) => Fate::Captured { port, by: None },
            None => Fate::Rewritten { address, port },
        };
    }
    let passes = |(_, met): &(usize, &Met)| {
        met.step.rule.is_some() && met.step.effects.contains(&Effect::Accept)
    };
    match own().count() {
        0 => Fate::NotSeen,
        _ => Fate::Direct { step: own().rfind(passes).map(|(step, _)| step) },
    }
}

fn end((step, met): (usize, &Met)) -> Option<Fate> {
    met.step.effects.iter().find_map(|effect| match effect {
        Effect::Drop => Some(Fate::Dropped { step }),
        Effect::Reject => Some(Fate::Rejected { step }),
        Effect::Jump(_)
        | Effect::Goto(_)
        | Effect::Return
        | Effect::Accept
        | Effect::Redirect(_)
        | Effect::Tproxy(_)
        | Effect::Mark(_)
        | Effect::ConnectionMark(_)
        | Effect::Zone(_)
        | Effect::Untracked
        | Effect::Unknown(_) => None,
    })
}

fn capture((step, met): (usize, &Met)) -> Option<(usize, u16, Capture)> {
    met.step.effects.iter().find_map(Effect::capture).map(|(port, by)| (step, port, by))
}

/// Where it goes, if that is not where it was sent.
fn rewritten((first, last): (Headers, Headers)) -> Option<(IpAddr, Option<u16>)> {
    let end = |of: Headers| {
        (of.addresses.destination(), of.protocol.ports().map(|ports| ports.destination))
    };
    (end(first) != end(last)).then(|| end(last))
}

fn notes(way: &Way, steps: &[Met], fate: &Fate, known: &KnownRules) -> Vec<String> {
    let answers =
        |event: &Event| event.tracked.is_some_and(|tracked| tracked.direction == Direction::Reply);
    let mut notes = Vec::new();
    if way.events.iter().any(answers) {
        notes.push("an answer: it goes back the way of its connection".to_owned());
    }
    let unasked = unasked(way, steps, known);
    let is_decided = matches!(fate, Fate::Captured { by: Some(_), .. });
    if !unasked.is_empty() && !is_decided {
        notes.push(format!(
            "not asked: {}. Nat chains are asked for the first packet of a tracked connection only",
            unasked.join(", ")
        ));
    }
    notes
}

/// Our nat chains on the hook where the packet was seen first that it passed by.
fn unasked<'a>(way: &Way, steps: &[Met], known: &'a KnownRules) -> Vec<&'a str> {
    let instrument = table_text(1, TRACE_TABLE);
    // The last event of the instrument says how far it came: the one behind nat, or not so far.
    let own = way.events.iter().rfind(|event| event.table == instrument);
    let Some(last) = own.filter(|event| !super::table::begins(&event.chain)) else {
        return Vec::new();
    };
    let chains = hook(&last.chain).into_iter().flat_map(|hook| known.nat_chains(hook));
    let was_asked = |name: &&Name| steps.iter().any(|met| met.is_own && met.step.chain == **name);
    chains.filter(|name| !was_asked(name)).map(AsRef::as_ref).collect()
}
