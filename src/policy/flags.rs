//! Command-line flags into a draft.

use super::draft::Draft;
use super::fault::{Faults, Place, shown};
use super::given::{Filled, Given, Item, Raw, Row};
use super::settings::{Cell, Setting, Shape};

/// A flag that was given, with all its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The flag without the hyphens in front, as [`Setting::flag`].
    pub flag: &'static str,
    /// Its values in order, one for each time the flag was given; lists have commas between items,
    /// and an empty text is the empty list.
    pub values: Vec<String>,
}

/// Puts the flags' values into `draft`, in place of what is there.
pub(super) fn apply(overrides: &[Override], draft: &mut Draft, faults: &mut Faults) {
    for given in overrides {
        let place = Place { field: format!("--{}", given.flag), line: None };
        let Some(setting) = Setting::by_flag(given.flag) else {
            faults.add(place, String::new(), "is not the flag of a setting");
            continue;
        };
        match raw(setting, &given.values) {
            Ok(raw) => Given { place, indexed: false, raw }.settle(setting, draft, faults),
            Err(reason) => {
                draft.refuse(setting.path);
                faults.add(place, shown(&given.values.join(" ")), reason);
            }
        }
    }
}

fn raw<'t>(setting: &Setting, values: &'t [String]) -> Result<Raw<'t>, String> {
    match (setting.shape, values) {
        (Shape::Scalar, [text]) if text.is_empty() && setting.default.is_empty() => {
            Ok(Raw::Nothing)
        }
        (Shape::Scalar, [text]) => Ok(Raw::Text(text)),
        (Shape::Scalar, []) => Err(String::from("needs a value")),
        (Shape::Scalar, _) => Err(String::from("is given more than once")),
        (Shape::ListOr(word), [text]) if text == word => Ok(Raw::Text(text)),
        (Shape::List | Shape::ListOr(_), values) => Ok(Raw::Items(items(values))),
        (Shape::Rows(cells), values) => items(values)
            .into_iter()
            .map(|item| row(item, cells, setting.value_name))
            .collect::<Result<_, _>>()
            .map(Raw::Rows),
    }
}

fn items(values: &[String]) -> Vec<Item<'_>> {
    let filled = values.iter().filter(|text| !text.is_empty());
    let texts = filled.flat_map(|text| text.split(','));
    texts.enumerate().map(|(index, text)| Item { text, index, line: None }).collect()
}

/// Splits `A:B`; the last part may be missing where its cell may.
fn row<'t>(item: Item<'t>, cells: &[Cell], form: &str) -> Result<Row<'t>, String> {
    let texts = parts(item.text);
    if texts.len() > cells.len() {
        let is_address = cells.first().is_some_and(|cell| cell.key == "address");
        let advice = if is_address { "; an IPv6 address stands in brackets" } else { "" };
        return Err(format!("has more parts than {form}{advice}: {}", shown(item.text)));
    }
    let filled = cells.iter().zip(texts).map(|(cell, text)| Filled {
        key: cell.key,
        indexed: false,
        items: vec![Item { text, index: 0, line: None }],
        refused: false,
    });
    Ok(Row { text: item.text, index: item.index, line: None, cells: filled.collect() })
}

/// The parts between colons; an IPv6 address stands in brackets.
fn parts(text: &str) -> Vec<&str> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((address, rest)) = bracketed else { return text.split(':').collect() };
    let rest = rest.strip_prefix(':').map(|rest| rest.split(':')).into_iter().flatten();
    [address].into_iter().chain(rest).collect()
}
