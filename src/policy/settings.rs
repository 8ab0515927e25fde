//! What there is to know about one setting: every door reads it from here.

use super::CapturePolicy;
use super::draft::Draft;
use super::given::{Flaw, Raw};
use super::table::SETTINGS;

/// One setting of a policy: its key, its flag, its help, and how its text becomes a value.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its place in the YAML form, such as `inbound.excludePorts`.
    pub path: &'static str,
    /// Its command-line flag without the hyphens in front, such as `inbound-exclude-ports`.
    pub flag: &'static str,
    /// What stands for its value in help texts, such as `PORTS`.
    pub value_name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What holds where it is not given, as text; empty for the empty list.
    pub default: &'static str,
    /// Whether it is one value or a list.
    pub shape: Shape,
    /// Puts the text into a draft, or says what is wrong with it.
    pub(super) apply: fn(&mut Draft, &Raw<'_>) -> Vec<Flaw>,
    /// The text of a finished policy's value.
    pub(super) show: fn(&CapturePolicy) -> Shown,
}

/// The form of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    Scalar,
    /// A list, which may be empty.
    List,
    /// A list, which may be empty, or this word.
    ListOr(&'static str),
    /// A list of mappings with these keys; as a flag, `A:B` for each.
    Rows(&'static [Cell]),
}

/// One key of a mapping in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The key.
    pub key: &'static str,
    /// How many values it takes.
    pub count: CellCount,
}

/// How many values a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellCount {
    /// Exactly one.
    One,
    /// A list of one or more.
    Many,
    /// A list, or nothing.
    Optional,
}

/// A value as text.
pub(super) enum Shown {
    One(String),
    Many(Vec<String>),
    /// Each already in YAML's form.
    Rows(Vec<String>),
    /// `null`.
    Nothing,
}

impl Setting {
    /// The setting with this key; `None` where there is none.
    pub fn by_path(path: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.path == path)
    }

    /// The setting with this flag, written without the hyphens in front; `None` where there is none.
    pub fn by_flag(flag: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.flag == flag)
    }
}

/// The keys of the mapping at `path`, in the order of the table; empty where there is none such.
/// The top level is the empty path.
pub(super) fn keys_below(path: &str) -> Vec<&'static str> {
    let mut keys: Vec<&'static str> = Vec::new();
    for setting in SETTINGS {
        let below = match path {
            "" => Some(setting.path),
            path => setting.path.strip_prefix(path).and_then(|rest| rest.strip_prefix('.')),
        };
        let key = below.and_then(|below| below.split('.').next());
        keys.extend(key.filter(|key| keys.last() != Some(key)));
    }
    keys
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Override;
    use super::*;

    #[test]
    fn keys_of_a_mapping() {
        let top = ["proxy", "inbound", "outbound", "interfaces", "dns", "ipv6", "counters"];
        assert_eq!(keys_below("")[..7], top);
        assert_eq!(keys_below("interfaces"), ["exclude", "virtual"]);
        assert_eq!(keys_below("proxy.ports"), ["outbound", "inbound", "tunnel", "dns"]);
        assert!(keys_below("proxy.uids").is_empty());
        assert!(keys_below("pro").is_empty());
    }

    #[test]
    fn paths_and_flags_name_one_setting_each() {
        let paths: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.path).collect();
        let flags: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.flag).collect();
        assert_eq!((paths.len(), flags.len()), (SETTINGS.len(), SETTINGS.len()));
    }

    #[test]
    fn default_texts_are_the_defaults() {
        for setting in SETTINGS.iter().filter(|setting| setting.path != "proxy.gids") {
            let values = vec![setting.default.to_owned()];
            let given = Override { flag: setting.flag, values };
            let policy = CapturePolicy::load(None, "", &[given]);
            assert_eq!(policy, Ok(CapturePolicy::default()), "{}", setting.path);
        }
    }
}
