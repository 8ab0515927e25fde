//! Command-line flags into a draft.

use super::draft::Draft;
use super::fault::{Faults, Place, shown};
use super::given::{Given, Item, Raw};
use super::settings::{Setting, Shape};

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
        match raw(setting.shape, &given.values) {
            Ok(raw) => Given { place, indexed: false, raw }.settle(setting, draft, faults),
            Err(reason) => {
                draft.refuse(setting.path);
                faults.add(place, shown(&given.values.join(" ")), reason);
            }
        }
    }
}

fn raw(shape: Shape, values: &[String]) -> Result<Raw<'_>, &'static str> {
    match (shape, values) {
        (Shape::Scalar, [text]) => Ok(Raw::Text(text)),
        (Shape::Scalar, []) => Err("needs a value"),
        (Shape::Scalar, _) => Err("is given more than once"),
        (Shape::ListOrAll, [text]) if text == "all" => Ok(Raw::Text(text)),
        (Shape::List | Shape::ListOrAll, values) => Ok(Raw::Items(items(values))),
    }
}

fn items(values: &[String]) -> Vec<Item<'_>> {
    let filled = values.iter().filter(|text| !text.is_empty());
    let texts = filled.flat_map(|text| text.split(','));
    texts.enumerate().map(|(index, text)| Item { text, index, line: None }).collect()
}
