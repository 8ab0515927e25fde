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
    /// One value; for a setting that is a list or `all`, the word `all`.
    Text(&'t str),
    /// The items of a list.
    Items(Vec<Item<'t>>),
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

/// What is wrong with a text.
pub(super) struct Flaw {
    /// Which of [`Raw::Items`] is meant; `None` for [`Raw::Text`].
    pub(super) item: Option<usize>,
    /// What is wrong.
    pub(super) reason: String,
}

impl Given<'_> {
    /// Puts the value into `draft`; what is wrong with it goes to `faults`.
    pub(super) fn settle(self, setting: &Setting, draft: &mut Draft, faults: &mut Faults) {
        let flaws = (setting.apply)(draft, &self.raw);
        if !flaws.is_empty() {
            draft.refuse(setting.path);
        }
        for flaw in flaws {
            let (place, text) = self.meant_by(&flaw);
            let reason = advice(setting.shape, text, flaw.item).unwrap_or(flaw.reason);
            faults.add(place, shown(text), reason);
        }
        draft.note(setting.path, self.place);
    }

    fn meant_by(&self, flaw: &Flaw) -> (Place, &str) {
        let item = match (&self.raw, flaw.item) {
            (Raw::Text(text), _) => return (self.place.clone(), text),
            (Raw::Items(items), index) => index.and_then(|index| items.get(index)),
        };
        let Some(item) = item else {
            return (self.place.clone(), "");
        };
        let field = match self.indexed {
            true => format!("{}[{}]", self.place.field, item.index),
            false => self.place.field.clone(),
        };
        (Place { field, line: item.line }, item.text)
    }
}

/// What to say about texts that are wrong everywhere, and better than the word's own error does.
fn advice(shape: Shape, text: &str, item: Option<usize>) -> Option<String> {
    match (shape, text) {
        (Shape::ListOrAll, "*") => Some(String::from("is not a word of ours; write \"all\"")),
        (Shape::Scalar | Shape::List, "*") => Some(String::from("is not allowed here")),
        (Shape::ListOrAll, "all") if item.is_some() => {
            Some(String::from("stands alone or not at all; write it without a list"))
        }
        (Shape::List | Shape::ListOrAll, text) if text.contains(',') => {
            Some(String::from("holds a comma; write each item by itself"))
        }
        (Shape::Scalar | Shape::List | Shape::ListOrAll, _) => None,
    }
}
