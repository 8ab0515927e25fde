//! A ruleset as a picture: a packet's ways through hooks and chains, for people who look before
//! they read; pure.
//!
//! [`drawing()`] makes values of a ruleset, [`svg`] and [`dot`] write them. The same ruleset gives
//! the same bytes. Long sets and chains are abbreviated, so that a picture stays one.

mod chains;
mod drawing;
mod fill;
mod form;
mod layout;
mod legend;
mod links;
mod measure;
mod outcome;
mod panel;
mod place;
mod sets;
mod style;
mod text;
mod write_arrows;
mod write_dot;
mod write_svg;
mod xml;

pub use drawing::{
    Block, BlockKind, Call, Change, Drawing, Lead, Leg, Outcome, Port, PortOf, Row, SetBlock, Stop,
    Way,
};

use crate::ruleset::Ruleset;

/// The picture of a ruleset.
#[must_use]
pub fn drawing(ruleset: &Ruleset) -> Drawing {
    fill::drawing(ruleset)
}

/// As an SVG that stands alone: no script, no font of its own, light or dark as the reader's
/// screen is.
#[must_use]
pub fn svg(drawing: &Drawing) -> String {
    write_svg::svg(drawing)
}

/// In the language of Graphviz.
#[must_use]
pub fn dot(drawing: &Drawing) -> String {
    write_dot::dot(drawing)
}
