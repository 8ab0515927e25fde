//! What to write instead.

use super::fault::shown;
use super::node::{Node, Value};
use super::settings::Shape;

/// Longer keys are no slips of the pen, and comparing them would cost.
const LONGEST_SLIP: usize = 40;

/// The key that was meant, where one is near enough to `key`.
pub(crate) fn nearest<'k>(key: &str, keys: &[&'k str]) -> Option<&'k str> {
    if key.len() > LONGEST_SLIP {
        return None;
    }
    let folded = key.to_lowercase();
    let slips = |known: &str| strsim::damerau_levenshtein(&folded, &known.to_lowercase());
    let near = keys.iter().map(|known| (slips(known), *known));
    let near = near.filter(|(slips, known)| slips * 3 <= known.len());
    near.min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}

/// What was written, or what kind of thing it is.
pub(super) fn text_or_kind(value: &Value) -> String {
    match value {
        Value::Scalar(text) => shown(text),
        Value::Null | Value::List(_) | Value::Map(_) | Value::Refused => value.kind().to_owned(),
    }
}

/// What to write where a value has the wrong shape.
pub(super) fn right_form(shape: Shape, value: &Value) -> String {
    match (shape, value) {
        (Shape::ListOr("all"), Value::Scalar(text)) if text == "*" => {
            String::from("is not a word of ours; write \"all\"")
        }
        (_, Value::Scalar(text)) if text == "*" => String::from("is not allowed here"),
        (Shape::ListOr(word), Value::Scalar(text)) => {
            format!("must be a list or the word {word}; write [{}]", shown(&spaced(text)))
        }
        (Shape::List, Value::Scalar(text)) => {
            format!("must be a list; write [{}]", shown(&spaced(text)))
        }
        (Shape::Scalar, Value::List(items)) => match items.as_slice() {
            [Node { value: Value::Scalar(text), .. }] => {
                format!("must be a single value; write {}", shown(text))
            }
            _ => String::from("must be a single value"),
        },
        (Shape::Scalar, _) => String::from("must be a single value"),
        (Shape::List, _) => String::from("must be a list, such as [a, b]"),
        (Shape::ListOr(word), _) => format!("must be a list or the word {word}"),
        (Shape::Rows(cells), _) => {
            let keys: Vec<&str> = cells.iter().map(|cell| cell.key).collect();
            format!("must be a list of mappings with the keys {}", keys.join(", "))
        }
    }
}

fn spaced(text: &str) -> String {
    let items: Vec<&str> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_keys_only() {
        let keys = ["ports", "excludePorts"];
        assert_eq!(nearest("excludePort", &keys), Some("excludePorts"));
        assert_eq!(nearest("excludeports", &keys), Some("excludePorts"));
        assert_eq!(nearest("prots", &keys), Some("ports"));
        assert_eq!(nearest("mode", &keys), None);
        assert_eq!(nearest(&"ports".repeat(100), &keys), None);
    }
}
