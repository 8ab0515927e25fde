//! The size of a chain's box and of its rows, before they have a place.

use super::drawing::{Block, Outcome, Row};
use super::measure::{Font, wrapped};
use super::text::grouped;

/// Columns of a rule's line; longer rules take several.
const COLUMNS: usize = 60;
/// Room at the left and right of a row.
pub(super) const PAD: usize = 12;
/// The height of a box's heading.
pub(super) const HEAD: usize = 32;
/// The height of a line of text.
pub(super) const LINE: usize = 17;
/// What a row has above and below its lines together.
const ROW_PAD: usize = 8;
/// Lines after the first stand so far to the right.
pub(super) const INDENT: usize = 16;
/// The height of a pill.
pub(super) const PILL: usize = 18;
/// Room between pills, and between a text and its pill.
pub(super) const GAP: usize = 6;
const BEFORE_PILL: usize = 18;
/// Room at the end of a box.
const FOOT: usize = 4;

/// A box's size.
#[derive(Debug, Clone)]
pub(super) struct Form<'a> {
    pub(super) block: &'a Block,
    pub(super) rows: Vec<RowForm<'a>>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A row's text and size.
#[derive(Debug, Clone)]
pub(super) struct RowForm<'a> {
    pub(super) kind: RowKind<'a>,
    pub(super) lines: Vec<String>,
    pub(super) pills: Vec<&'a Outcome>,
    pub(super) height: usize,
}

/// What a row is.
#[derive(Debug, Clone, Copy)]
pub(super) enum RowKind<'a> {
    Rule { text: &'a str, setting: &'static str, outcome: &'a Outcome },
    LeftOut,
    Otherwise,
}

impl<'a> Form<'a> {
    /// The form of a chain; `is_near` tells chains that an arrow can be drawn to.
    pub(super) fn new(block: &'a Block, is_near: &impl Fn(usize) -> bool) -> Self {
        let mut rows: Vec<RowForm<'a>> =
            block.rows.iter().map(|row| RowForm::of(row, is_near)).collect();
        let otherwise = vec!["otherwise".to_owned()];
        let ends = block.otherwise.iter().collect();
        rows.push(RowForm::new(RowKind::Otherwise, otherwise, ends));
        let head = Font::Name.width(&block.name) + 24 + Font::Note.width(&block.place);
        let widest = rows.iter().map(RowForm::width).fold(head, usize::max);
        let height = HEAD + FOOT + rows.iter().map(|row| row.height).sum::<usize>();
        Self { block, rows, width: widest + 2 * PAD, height }
    }
}

impl<'a> RowForm<'a> {
    fn of(row: &'a Row, is_near: &impl Fn(usize) -> bool) -> Self {
        match row {
            Row::Rule { text, setting, outcome } => {
                let kind = RowKind::Rule { text, setting, outcome };
                let is_drawn = match outcome {
                    Outcome::Nothing => false,
                    // An arrow says it.
                    Outcome::Leads(lead) => !lead.to.is_some_and(is_near),
                    Outcome::Captured(_)
                    | Outcome::Direct
                    | Outcome::GoesOn
                    | Outcome::Dropped
                    | Outcome::Refused
                    | Outcome::Returns
                    | Outcome::Changed(_) => true,
                };
                let pills = is_drawn.then_some(outcome).into_iter().collect();
                Self::new(kind, wrapped(text, COLUMNS), pills)
            }
            Row::LeftOut(count) => {
                let text = format!("... and {} more rules ...", grouped(*count));
                Self::new(RowKind::LeftOut, vec![text], Vec::new())
            }
        }
    }

    fn new(kind: RowKind<'a>, lines: Vec<String>, pills: Vec<&'a Outcome>) -> Self {
        let height = ROW_PAD + LINE * lines.len();
        Self { kind, lines, pills, height }
    }

    /// Text and pills; the pills stand in the last line, where the rule's verdict is.
    fn width(&self) -> usize {
        let line = |(place, line): (usize, &String)| indent(place) + Font::Rule.width(line);
        let last = self.lines.iter().enumerate().map(line).next_back().unwrap_or_default();
        let pills: usize = self.pills.iter().map(|pill| pill_width(&pill.label()) + GAP).sum();
        let beside = if self.pills.is_empty() { last } else { last + BEFORE_PILL + pills };
        self.lines.iter().enumerate().map(line).fold(beside, usize::max)
    }
}

/// Where a line of that number begins.
pub(super) fn indent(line: usize) -> usize {
    if line == 0 { 0 } else { INDENT }
}

/// The width of a pill with that label.
pub(super) fn pill_width(label: &str) -> usize {
    Font::Pill.width(label) + 18
}
