//! The name of a network interface.

use std::fmt;
use std::str::FromStr;

use super::WordError;

/// The longest name in bytes: the kernel's `IFNAMSIZ` less its closing zero.
const LONGEST: usize = 15;

/// An interface name that the kernel's `dev_valid_name` takes and that no list, pattern or quoted
/// text can mistake for something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfName(Box<str>);

impl IfName {
    /// The name, 1-15 bytes, without a closing zero.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IfName {
    type Err = WordError;

    fn from_str(text: &str) -> Result<IfName, WordError> {
        match flaw(text) {
            Some(reason) => Err(WordError::IfName(reason)),
            None => Ok(IfName(text.into())),
        }
    }
}

impl fmt::Display for IfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn flaw(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > LONGEST {
        return Some("it has more than 15 bytes");
    }
    if text == "." || text == ".." {
        return Some("it is a folder's name");
    }
    // The kernel's isspace() judges bytes, and 0xa0 is white space to it, inside UTF-8 too.
    if text.chars().any(char::is_whitespace) || text.bytes().any(|byte| byte == 0xa0) {
        return Some("it holds what the kernel takes for white space");
    }
    if text.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    text.contains(['/', ':', '"', '*', '\\', ',']).then_some(r#"it holds one of / : " * \ ,"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names() {
        for name in ["eth0", "lo", "net1.100", "cni-podman0", "123456789012345", "...", "a@b"] {
            assert_eq!(name.parse::<IfName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn refused_names() {
        let names = [
            "",
            ".",
            "..",
            "1234567890123456",
            "a/b",
            "a:b",
            "a b",
            "a\tb",
            "a\u{7f}b",
            "a\u{0}",
            "\"a\"",
            "eth*",
            "a\\b",
            "a,b",
            "voil\u{e0}",
        ];
        for name in names {
            assert!(name.parse::<IfName>().is_err(), "{name:?}");
        }
    }
}
