//! Writes lines with a tip: a packet's way, and calls from chain to chain.

use super::drawing::Call;
use super::place::{Link, Piece};
use super::style;
use super::xml::Xml;

/// The radius of corners on an arrow's way.
const BEND: usize = 6;

/// A piece of a packet's way.
pub(super) fn piece(xml: &mut Xml, piece: Piece) {
    let Piece { x, from, to } = piece;
    let line = format!("M{x},{from} V{}", to - 5);
    xml.empty("path", &[("class", &"piece"), ("d", &line)]);
    let tip = format!("M{},{} h10 l-5,8 z", x - 5, to - 8);
    xml.empty("path", &[("class", &"tip"), ("d", &tip)]);
}

/// A call.
pub(super) fn link(xml: &mut Xml, link: Link) {
    let ((x, y), (to_x, to_y), track) = (link.from, link.to, link.track);
    let class = style::link(link.call);
    let (tip, head) = match to_x > track {
        true => (to_x - 6, format!("M{to_x},{to_y} l-8,-4 v8 z")),
        false => (to_x + 6, format!("M{to_x},{to_y} l8,-4 v8 z")),
    };
    let bend = BEND.min(y.abs_diff(to_y) / 2);
    let line = if bend == 0 {
        format!("M{x},{y} H{tip}")
    } else {
        let (leave, arrive) = match to_y > y {
            true => (y + bend, to_y - bend),
            false => (y - bend, to_y + bend),
        };
        let after = if to_x > track { track + bend } else { track - bend };
        format!(
            "M{x},{y} H{} Q{track},{y} {track},{leave} V{arrive} Q{track},{to_y} {after},{to_y} \
             H{tip}",
            track - bend
        )
    };
    xml.empty("path", &[("class", &class), ("d", &line)]);
    xml.empty("circle", &[("class", &"dot"), ("cx", &x), ("cy", &y), ("r", &3)]);
    xml.empty("path", &[("class", &"tip"), ("d", &head)]);
}

/// A call as the legend shows it.
pub(super) fn arrow(xml: &mut Xml, call: Call, (x, y): (usize, usize), width: usize) {
    let line = format!("M{x},{y} h{}", width - 6);
    xml.empty("path", &[("class", &style::link(call)), ("d", &line)]);
    let tip = format!("M{},{y} l-8,-4 v8 z", x + width);
    xml.empty("path", &[("class", &"tip"), ("d", &tip)]);
}
