//! Places everything on a page: the two ways side by side, sets and the legend below.

use super::drawing::{Drawing, SetBlock};
use super::legend;
use super::measure::{Font, wrapped};
use super::panel::{Arrangement, panel};
use super::place::{Key, Panel, PlacedSet, Rect};
use super::text::grouped;

pub(super) const MARGIN: usize = 28;
/// Room for the title.
const TOP: usize = 84;
/// Between panels.
const APART: usize = 24;
/// The narrowest page.
const NARROWEST: usize = 900;
/// Columns of a line of a set's elements.
const SET_COLUMNS: usize = 44;
const SET_HEAD: usize = 48;
const SET_LINE: usize = 17;
const SET_PAD: usize = 12;

/// A page with everything in its place.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) panels: Vec<Panel<'a>>,
    pub(super) sets: Vec<PlacedSet<'a>>,
    /// Where the words for the sets that are left out stand.
    pub(super) left_out: Option<(usize, usize)>,
    pub(super) keys: Vec<Key>,
}

pub(super) fn page(drawing: &Drawing) -> Page<'_> {
    let panels = panels(drawing);
    let right = panels.iter().map(|panel| panel.rect.right()).max().unwrap_or_default();
    let width = (right + MARGIN).max(NARROWEST);
    let mut y = panels.iter().map(|panel| panel.rect.bottom()).max().unwrap_or(TOP) + APART;
    let sets = sets(&drawing.sets, width, &mut y);
    let left_out = (drawing.sets_left_out > 0).then(|| {
        y += APART;
        (MARGIN, y - APART / 2)
    });
    let keys = legend::keys(drawing, width - MARGIN, (MARGIN, &mut y));
    Page { width, height: y + MARGIN, panels, sets, left_out, keys }
}

/// Of the arrangements the one that fills a screen best: half as wide again as it is high.
fn panels(drawing: &Drawing) -> Vec<Panel<'_>> {
    use Arrangement::{Below, Beside};
    let kinds = [(Below, Below), (Below, Beside), (Beside, Below), (Beside, Beside)];
    let all = kinds.map(|(first, second)| {
        let mut x = MARGIN;
        let mut panels: Vec<Panel<'_>> = Vec::new();
        for (way, kind) in drawing.ways.iter().zip([first, second]) {
            let placed = panel(way, kind, (x, TOP));
            x = placed.rect.right() + APART;
            panels.push(placed);
        }
        let height = panels.iter().map(|panel| panel.rect.height).max().unwrap_or_default();
        panels.iter_mut().for_each(|panel| panel.rect.height = height);
        ((x * 2).max(height * 3), panels)
    });
    all.into_iter().min_by_key(|(size, _)| *size).map(|(_, panels)| panels).unwrap_or_default()
}

/// Sets from left to right, in as many lines as it takes.
fn sets<'a>(sets: &'a [SetBlock], width: usize, y: &mut usize) -> Vec<PlacedSet<'a>> {
    let mut placed: Vec<PlacedSet<'a>> = Vec::new();
    let (mut x, mut row_height) = (MARGIN, 0);
    for set in sets {
        let lines = set_lines(set);
        let text = lines.iter().map(|line| Font::Rule.width(line)).max().unwrap_or_default();
        let heads = (Font::Name.width(&set.name), Font::Note.width(&set.kind));
        let rect = Rect {
            x,
            y: *y,
            width: text.max(heads.0).max(heads.1) + 2 * SET_PAD,
            height: SET_HEAD + SET_LINE * lines.len() + SET_PAD,
        };
        placed.push(PlacedSet { set, lines, rect });
        let Some(last) = placed.last_mut() else { continue };
        if x > MARGIN && rect.right() > width - MARGIN {
            *y += row_height + APART / 2;
            (last.rect.x, last.rect.y, row_height) = (MARGIN, *y, 0);
        }
        x = last.rect.right() + APART / 2;
        row_height = row_height.max(rect.height);
    }
    if !placed.is_empty() {
        *y += row_height + APART;
    }
    placed
}

fn set_lines(set: &SetBlock) -> Vec<String> {
    let mut lines: Vec<String> =
        set.elements.iter().flat_map(|text| wrapped(text, SET_COLUMNS)).collect();
    if set.left_out > 0 {
        lines.push(format!("... and {} more", grouped(set.left_out)));
    }
    if lines.is_empty() {
        lines.push("(empty)".to_owned());
    }
    lines
}
