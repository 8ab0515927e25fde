//! A policy to its YAML form: every key, one way to write each value.

use sha2::{Digest, Sha256};

use super::CapturePolicy;
use super::settings::{Setting, Shown};
use super::table::SETTINGS;

impl CapturePolicy {
    /// The canonical text: every key in the order of the documentation, values normalised. Reading
    /// it again gives an equal policy, and equal policies have equal texts.
    pub fn to_yaml(&self) -> String {
        self.text_of(|_| true)
    }

    /// A text that reads as this policy and leaves out what is as by default.
    pub(super) fn to_short_yaml(&self) -> String {
        let default = CapturePolicy::default();
        let value = |policy, setting: &Setting| written((setting.show)(policy));
        let short = self.text_of(|setting| value(self, setting) != value(&default, setting));
        // One default follows another setting: groups are those of the users.
        let is_whole = CapturePolicy::from_yaml(&short).is_ok_and(|read| read == *self);
        if is_whole { short } else { self.to_yaml() }
    }

    fn text_of(&self, is_written: impl Fn(&Setting) -> bool) -> String {
        let mut text = String::from("apiVersion: nftdivert/v1\nkind: CapturePolicy\n");
        let mut open: Vec<&str> = Vec::new();
        for setting in SETTINGS.iter().copied().filter(|setting| is_written(setting)) {
            let mut sections: Vec<&str> = setting.path.split('.').collect();
            let key = sections.pop().unwrap_or_default();
            let same = open.iter().zip(&sections).take_while(|(a, b)| a == b).count();
            for (depth, section) in sections.iter().enumerate().skip(same) {
                text.push_str(&format!("{}{section}:\n", "  ".repeat(depth)));
            }
            let value = written((setting.show)(self));
            text.push_str(&format!("{}{key}: {value}\n", "  ".repeat(sections.len())));
            open = sections;
        }
        text
    }

    /// The first 16 hex digits of the SHA-256 of the canonical text: tells whether two policies
    /// are the same.
    pub fn digest(&self) -> String {
        let hash = Sha256::digest(self.to_yaml());
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn written(value: Shown) -> String {
    match value {
        Shown::One(text) => quoted(&text),
        Shown::Nothing => String::from("null"),
        Shown::Rows(rows) => format!("[{}]", rows.join(", ")),
        Shown::Many(texts) => {
            let items: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// Quotes what YAML might take for something else; no word holds a quote or a backslash.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/' | '_'))
        && !text.eq_ignore_ascii_case("null");
    if plain { text.to_owned() } else { format!("\"{text}\"") }
}
