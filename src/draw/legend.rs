//! What the pills and arrows of a picture mean; only those that it has.

use super::drawing::{Block, Call, Change, Drawing, Outcome, Port, PortOf, Row, Stop};
use super::form::{PILL, pill_width};
use super::measure::Font;
use super::place::{Key, Rect, Sample};

/// The length of an arrow in the legend.
const ARROW: usize = 40;
const GAP: usize = 8;
const APART: usize = 26;
const LINE: usize = 28;

/// The entries, from left to right, in as many lines as it takes.
pub(super) fn keys(drawing: &Drawing, right: usize, (left, y): (usize, &mut usize)) -> Vec<Key> {
    let (mut x, mut keys) = (left, Vec::new());
    for (sample, text) in samples(drawing) {
        let width = match &sample {
            Sample::Pill(_, label) => pill_width(label),
            Sample::Arrow(_) => ARROW,
        };
        let whole = width + GAP + Font::Note.width(text);
        if x > left && x + whole > right {
            (x, *y) = (left, *y + LINE);
        }
        keys.push(Key { rect: Rect { x, y: *y, width, height: PILL }, sample, text });
        x += whole + APART;
    }
    *y += PILL;
    keys
}

fn samples(drawing: &Drawing) -> Vec<(Sample, &'static str)> {
    let mut found: Vec<(Sample, &'static str)> = Vec::new();
    for outcome in outcomes(drawing) {
        let Some(sample) = sample(outcome) else { continue };
        if !found.contains(&sample) {
            found.push(sample);
        }
    }
    found.sort_by_key(|(sample, _)| rank(sample));
    found
}

fn outcomes(drawing: &Drawing) -> impl Iterator<Item = &Outcome> {
    let blocks = drawing.ways.iter().flat_map(|way| {
        let stops = way.legs.iter().flat_map(|leg| &leg.stops);
        let bases = stops.filter_map(|stop| match stop {
            Stop::Chain(block) => Some(block),
            Stop::Kernel(_) => None,
        });
        bases.chain(&way.called)
    });
    blocks.flat_map(|block: &Block| {
        let rows = block.rows.iter().filter_map(|row| match row {
            Row::Rule { outcome, .. } => Some(outcome),
            Row::LeftOut(_) => None,
        });
        rows.chain(&block.otherwise)
    })
}

fn sample(outcome: &Outcome) -> Option<(Sample, &'static str)> {
    let text = match outcome {
        Outcome::Captured(port) => return Some(captured(*port)),
        Outcome::Direct => "not captured by this hook",
        Outcome::GoesOn => "to the next hook",
        Outcome::Dropped => "in silence",
        Outcome::Refused => "the sender is told",
        Outcome::Returns => "to the rule after the jump",
        Outcome::Changed(Change::Mark) => "routing goes by it",
        Outcome::Changed(Change::ConnectionMark) => "so that answers are known",
        Outcome::Changed(Change::Zone) => "tracked apart from others",
        Outcome::Changed(Change::Untracked) => "by connection tracking",
        Outcome::Leads(lead) => {
            let text = match lead.call {
                Call::Jump => "jump: may come back",
                Call::Goto => "goto: does not come back",
            };
            return Some((Sample::Arrow(lead.call), text));
        }
        Outcome::Nothing => return None,
    };
    Some((Sample::Pill(outcome.clone(), outcome.label()), text))
}

fn captured(port: Port) -> (Sample, &'static str) {
    let text = match port.of {
        PortOf::Outbound => "what leaves the pod, to the proxy",
        PortOf::Inbound => "what is for the pod, to the proxy",
        PortOf::Dns => "name queries, to the proxy",
        PortOf::Unknown => "to a port of the pod",
    };
    let any = Outcome::Captured(Port { number: None, ..port });
    (Sample::Pill(any, "captured".to_owned()), text)
}

fn rank(sample: &Sample) -> usize {
    match sample {
        Sample::Pill(Outcome::Captured(_), _) => 0,
        Sample::Pill(Outcome::Direct, _) => 1,
        Sample::Pill(Outcome::GoesOn, _) => 2,
        Sample::Pill(Outcome::Changed(_), _) => 3,
        Sample::Pill(Outcome::Dropped | Outcome::Refused, _) => 4,
        Sample::Pill(Outcome::Returns | Outcome::Leads(_) | Outcome::Nothing, _) => 5,
        Sample::Arrow(_) => 6,
    }
}
