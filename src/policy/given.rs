//! A setting's text on its way into a draft, with the places that faults need.

use super::draft::Draft;
use super::fault::{Faults, Place, shown};
use super::settings::{Setting, Shape};

/// What was written for one setting, in YAML or as a flag.
pub(super) struct Given<'t> {
    /// Where.
    pub(super) place: Place,
    /// Whether faults name an item by its index; a flag's items have none.
    pub(super) indexed: bool,
    /// What.
    pub(super) raw: Raw<'t>,
}

/// Text that fits a setting's shape.
pub(super) enum Raw<'t> {
    /// One value; for a setting that is a list or a word, the word.
    Text(&'t str),
    /// The value of a setting that may have none, taken back.
    Nothing,
    /// The items of a list.
    Items(Vec<Item<'t>>),
    /// The mappings of a list.
    Rows(Vec<Row<'t>>),
}

/// One item of a list.
pub(super) struct Item<'t> {
    /// What was written.
    pub(super) text: &'t str,
    /// Its place in the list, from 0.
    pub(super) index: usize,
    /// Its line, from 1.
    pub(super) line: Option<usize>,
}

/// One mapping of a list.
pub(super) struct Row<'t> {
    /// What was written, if it is one text.
    pub(super) text: &'t str,
    /// Its place in the list, from 0.
    pub(super) index: usize,
    /// Its line, from 1.
    pub(super) line: Option<usize>,
    /// What its keys stand for.
    pub(super) cells: Vec<Filled<'t>>,
}

/// One key of a mapping with its values.
pub(super) struct Filled<'t> {
    /// The key.
    pub(super) key: &'static str,
    /// Whether faults name a value by its index.
    pub(super) indexed: bool,
    /// Its values.
    pub(super) items: Vec<Item<'t>>,
    /// Whether what was written has a wrong form, which is among the faults: then nothing is
    /// concluded from the values.
    pub(super) refused: bool,
}

/// What is wrong with a text.
pub(super) struct Flaw {
    /// Which text is meant.
    pub(super) at: At,
    /// What is wrong.
    pub(super) reason: String,
}

/// Which text of a [`Raw`] is meant.
#[derive(Clone, Copy)]
pub(super) enum At {
    /// The whole.
    Whole,
    /// This one of its items, or of its rows.
    Item(usize),
    /// A value of a row.
    Cell {
        /// Which row.
        row: usize,
        /// Which of its cells.
        cell: usize,
        /// Which of that cell's items.
        item: usize,
    },
}

impl Given<'_> {
    /// Puts the value into `draft`; what is wrong with it goes to `faults`.
    pub(super) fn settle(self, setting: &Setting, draft: &mut Draft, faults: &mut Faults) {
        let flaws = (setting.apply)(draft, &self.raw);
        if !flaws.is_empty() {
            draft.refuse(setting.path);
        }
        for flaw in flaws {
            let (place, text) = self.meant_by(flaw.at);
            let reason = advice(setting.shape, text, flaw.at).unwrap_or(flaw.reason);
            // A mapping is not shown whole: the field says which.
            let is_row = matches!((&self.raw, flaw.at), (Raw::Rows(_), At::Item(_)));
            let is_mapping = self.indexed && is_row && text.is_empty();
            faults.add(place, if is_mapping { String::new() } else { shown(text) }, reason);
        }
        draft.note(setting.path, self.place);
    }

    fn meant_by(&self, at: At) -> (Place, &str) {
        let whole = || (self.place.clone(), "");
        match (&self.raw, at) {
            (Raw::Text(text), _) => (self.place.clone(), text),
            (Raw::Items(items), At::Item(number)) => items.get(number).map_or_else(whole, |item| {
                (self.within(&format!("[{}]", item.index), item.line), item.text)
            }),
            (Raw::Rows(rows), At::Item(number)) => rows.get(number).map_or_else(whole, |row| {
                (self.within(&format!("[{}]", row.index), row.line), row.text)
            }),
            (Raw::Rows(rows), At::Cell { row, cell, item }) => {
                rows.get(row).and_then(|row| self.cell(row, cell, item)).unwrap_or_else(whole)
            }
            (Raw::Nothing | Raw::Items(_) | Raw::Rows(_), _) => whole(),
        }
    }

    fn cell<'s>(&self, row: &'s Row<'_>, cell: usize, item: usize) -> Option<(Place, &'s str)> {
        let cell = row.cells.get(cell)?;
        let item = cell.items.get(item)?;
        let number = if cell.indexed { format!("[{}]", item.index) } else { String::new() };
        let place = self.within(&format!("[{}].{}{number}", row.index, cell.key), item.line);
        Some((place, item.text))
    }

    fn within(&self, inner: &str, line: Option<usize>) -> Place {
        let inner = if self.indexed { inner } else { "" };
        Place { field: format!("{}{inner}", self.place.field), line }
    }
}

/// What to say about texts that are wrong everywhere, and better than the word's own error does.
fn advice(shape: Shape, text: &str, at: At) -> Option<String> {
    match (shape, text) {
        (Shape::ListOr("all"), "*") => Some(String::from("is not a word of ours; write \"all\"")),
        (_, "*") => Some(String::from("is not allowed here")),
        (Shape::ListOr(word), text) if text == word && matches!(at, At::Item(_)) => {
            Some(String::from("stands alone or not at all; write it without a list"))
        }
        (Shape::List | Shape::ListOr(_) | Shape::Rows(_), text) if text.contains(',') => {
            Some(String::from("holds a comma; write each item by itself"))
        }
        (Shape::Scalar | Shape::List | Shape::ListOr(_) | Shape::Rows(_), _) => None,
    }
}
