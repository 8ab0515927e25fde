//! Our entry in a chain, and its text.

use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Serializer, Value};

use crate::policy::CapturePolicy;

use super::folder::BINARY;

/// Our entry: the plugin and the keys of its configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    r#type: &'static str,
    #[serde(flatten)]
    keys: Map<String, Value>,
}

/// How an entry is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// On one line.
    Line,
    /// One member per line.
    Lines {
        /// The end of a line: `\n` or `\r\n`.
        end: &'static str,
        /// What stands in front of the closing brace.
        base: String,
        /// What members are indented by, beyond that.
        unit: String,
    },
}

impl Entry {
    /// The entry with this policy, or with the plugin's defaults.
    #[must_use]
    pub fn new(policy: Option<&CapturePolicy>) -> Entry {
        Entry::with(policy.map(|policy| ("policy".to_owned(), policy.to_json())))
    }

    /// The entry with these keys, which the plugin takes; `type` is not among them.
    #[must_use]
    pub fn with(keys: impl IntoIterator<Item = (String, Value)>) -> Entry {
        Entry { r#type: BINARY, keys: keys.into_iter().filter(|(key, _)| key != "type").collect() }
    }

    /// Whether this text says the same, in whatever layout.
    #[must_use]
    pub fn is_said_by(&self, text: &[u8]) -> bool {
        let wanted = serde_json::to_value(self).ok();
        serde_json::from_slice::<Value>(text).is_ok_and(|found| Some(found) == wanted)
    }

    /// Its text.
    #[must_use]
    pub fn text(&self, layout: &Layout) -> Vec<u8> {
        written(self, layout)
    }
}

/// The text of any value.
pub(super) fn written(value: &impl Serialize, layout: &Layout) -> Vec<u8> {
    let (end, base, unit) = match layout {
        Layout::Line => return serde_json::to_vec(value).unwrap_or_default(),
        Layout::Lines { end, base, unit } => (end, base, unit),
    };
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(unit.as_bytes());
    // A value of ours has string keys only, and a Vec takes everything.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut text, formatter));
    indented(&text, &format!("{end}{base}"))
}

/// The text with `line` in the place of each line feed. None is part of a JSON string.
pub(super) fn indented(text: &[u8], line: &str) -> Vec<u8> {
    text.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        let policy = CapturePolicy::from_yaml("apiVersion: nftdivert/v1\nipv6: bypass").unwrap();
        let entry = Entry::new(Some(&policy));
        let layout = Layout::Lines { end: "\r\n", base: "\t".into(), unit: "\t".into() };
        let text = "{\r\n\t\t\"type\": \"nftdivert\",\r\n\t\t\"policy\": {\r\n\t\t\t\"apiVersion\": \
            \"nftdivert/v1\",\r\n\t\t\t\"ipv6\": \"bypass\",\r\n\t\t\t\"kind\": \"CapturePolicy\"\r\n\
            \t\t}\r\n\t}";
        assert_eq!(String::from_utf8(entry.text(&layout)).unwrap(), text);
        assert!(entry.is_said_by(text.as_bytes()));
        assert!(entry.is_said_by(&entry.text(&Layout::Line)));
        let bare = Entry::new(None);
        assert_eq!(bare.text(&Layout::Line), br#"{"type":"nftdivert"}"#);
        assert!(!entry.is_said_by(&bare.text(&Layout::Line)));
    }

    #[test]
    fn every_key_is_said_and_compared() {
        let keys = |level: &str| {
            let keys = serde_json::json!({"type": "x", "logLevel": level, "permit": ["dns"]});
            Entry::with(keys.as_object().cloned().unwrap())
        };
        let text = keys("warn").text(&Layout::Line);
        let wanted = r#"{"type":"nftdivert","logLevel":"warn","permit":["dns"]}"#;
        assert_eq!(String::from_utf8(text.clone()).unwrap(), wanted);
        assert!(keys("warn").is_said_by(&text) && !keys("info").is_said_by(&text));
    }
}
