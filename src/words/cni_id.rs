//! An id of a container, or a network's name, as CNI takes both.

use std::fmt;
use std::str::FromStr;

use super::WordError;

/// A letter or digit, then letters, digits, `_`, `.` and `-` (CNI 1.1.0, "Parameters"): never a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CniId(Box<str>);

impl CniId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CniId {
    type Err = WordError;

    fn from_str(text: &str) -> Result<CniId, WordError> {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        match starts && text.bytes().all(is_inner) {
            true => Ok(CniId(text.into())),
            false => Err(WordError::CniId),
        }
    }
}

impl fmt::Display for CniId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_runtimes() {
        for text in ["a", "9", "cnitool-77383ca0", "A_b.c-d", "k8s..-_"] {
            assert_eq!(text.parse::<CniId>().unwrap().as_str(), text);
        }
        for text in ["", "_a", ".a", "-a", "a/b", "a b", "a\n", "\u{e9}", "a\u{e9}"] {
            assert_eq!(text.parse::<CniId>(), Err(WordError::CniId), "{text:?}");
        }
    }
}
