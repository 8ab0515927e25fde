//! What is wrong with a policy: all of it at once, each with its place.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

/// Faults beyond this many are counted, not kept: a policy may come from a pod, and its faults must
/// not fill the memory of the node.
const MOST: usize = 1000;

/// How many characters of a value are shown.
const LONGEST: usize = 80;

/// Everything that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize)]
pub struct PolicyError {
    /// Where the text came from, such as a file name; empty where that is not known.
    pub origin: String,
    /// The faults, in the order in which they were met; never empty.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize)]
pub struct Fault {
    /// The setting (`inbound.excludePorts[2]`) or the flag (`--inbound-exclude-ports`).
    pub field: String,
    /// What was written there, shortened and escaped for a terminal; empty where nothing was.
    pub value: String,
    /// The line in the text, from 1; `None` for flags and for what is missing.
    pub line: Option<usize>,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl PolicyError {
    /// The error with these faults, in their order; those beyond a thousand are counted in the last
    /// one. `None` where there are none.
    pub fn of(origin: &str, faults: impl IntoIterator<Item = Fault>) -> Option<PolicyError> {
        let mut all = Faults::default();
        for Fault { field, value, line, reason } in faults {
            all.add(Place { field, line }, value, reason);
        }
        let faults = all.into_vec();
        (!faults.is_empty()).then(|| PolicyError { origin: origin.to_owned(), faults })
    }
}

impl Fault {
    /// A fault of `field`; `text` is what was written there, as it was written, or `None` where
    /// nothing was.
    pub fn new(field: &str, text: Option<&str>, reason: impl Into<String>) -> Fault {
        let value = text.map(shown).unwrap_or_default();
        Fault { field: field.to_owned(), value, line: None, reason: reason.into() }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin.as_str() {
            "" => String::new(),
            origin => format!(" in {origin}"),
        };
        let plural = if self.faults.len() == 1 { "" } else { "s" };
        write!(f, "the policy{origin} has {} fault{plural}:", self.faults.len())?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        if !self.value.is_empty() {
            write!(f, ": {}", self.value)?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The setting or the flag.
    pub(super) field: String,
    /// The line in the text, from 1.
    pub(super) line: Option<usize>,
}

impl Place {
    /// The same place in the layer `name`.
    pub(super) fn within(self, name: &str) -> Place {
        Place { field: in_layer(name, self.field), ..self }
    }
}

/// A field's name in the layer `name`. A text as a whole is the layer itself.
fn in_layer(name: &str, field: String) -> String {
    match (name, field.contains(' ')) {
        ("", _) => field,
        (name, true) => name.to_owned(),
        (name, false) => format!("{name}.{field}"),
    }
}

/// The faults met so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    kept: Vec<Fault>,
    more: usize,
}

impl Faults {
    /// Adds a fault; `value` is what [`shown`] made of the text, or empty.
    pub(super) fn add(&mut self, place: Place, value: String, reason: impl Into<String>) {
        if self.kept.len() == MOST {
            self.more += 1;
            return;
        }
        let Place { field, line } = place;
        self.kept.push(Fault { field, value, line, reason: reason.into() });
    }

    /// Adds the faults of the layer `name`.
    pub(super) fn take(&mut self, others: Faults, name: &str) {
        self.more += others.more;
        for fault in others.kept {
            let place = Place { field: fault.field, line: fault.line }.within(name);
            self.add(place, fault.value, fault.reason);
        }
    }

    /// The faults; empty where there were none.
    pub(super) fn into_vec(mut self) -> Vec<Fault> {
        if self.more > 0 {
            let reason = format!("has {} more faults, not shown", self.more);
            let field = String::from("the policy");
            self.kept.push(Fault { field, value: String::new(), line: None, reason });
        }
        self.kept
    }
}

/// `text` on one line, safe for a terminal: quoted where it would be unclear, cut where it is long.
pub(crate) fn shown(text: &str) -> String {
    let start: String = text.chars().take(LONGEST).collect();
    let quoted = format!("{start:?}");
    let clear = !start.is_empty() && start.trim() == start && quoted == format!("\"{start}\"");
    let end = if start.len() < text.len() { "…" } else { "" };
    if clear { format!("{start}{end}") } else { format!("{quoted}{end}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: Option<usize>, value: &str) -> Fault {
        let field = String::from("inbound.ports[1]");
        Fault { field, value: value.into(), line, reason: "must be a port, 1-65535".into() }
    }

    #[test]
    fn one_line_each() {
        let faults = vec![fault(Some(7), "70000"), fault(None, "")];
        let error = PolicyError { origin: String::new(), faults };
        assert_eq!(
            error.to_string(),
            "the policy has 2 faults:\n  \
             inbound.ports[1] (line 7): 70000: must be a port, 1-65535\n  \
             inbound.ports[1]: must be a port, 1-65535"
        );
        let error = PolicyError { origin: "pod.yaml".into(), faults: vec![fault(None, "0")] };
        assert!(error.to_string().starts_with("the policy in pod.yaml has 1 fault:\n  inbound"));
    }

    #[test]
    fn faults_of_others_are_made_safe_and_counted() {
        assert_eq!(PolicyError::of("a", []), None);
        let one = Fault::new("-b", Some("80\n"), "must be a port");
        assert_eq!(one.to_string(), "-b: \"80\\n\": must be a port");
        assert_eq!(Fault::new("-b", None, "is missing").to_string(), "-b: is missing");
        let many = PolicyError::of("a", vec![one; MOST + 2]).unwrap();
        assert_eq!((many.origin.as_str(), many.faults.len()), ("a", MOST + 1));
    }

    #[test]
    fn values_are_safe_to_show() {
        assert_eq!(shown("8000-8999"), "8000-8999");
        assert_eq!(shown(""), "\"\"");
        assert_eq!(shown(" 80"), "\" 80\"");
        assert_eq!(shown("\u{1b}[31m\n"), "\"\\u{1b}[31m\\n\"");
        assert_eq!(shown(&"x".repeat(100)), format!("{}…", "x".repeat(80)));
    }

    #[test]
    fn faults_beyond_the_most_are_counted() {
        let mut faults = Faults::default();
        for _ in 0..MOST + 5 {
            faults.add(Place { field: "a".into(), line: None }, String::new(), "b");
        }
        let kept = faults.into_vec();
        assert_eq!(kept.len(), MOST + 1);
        assert_eq!(kept[MOST].reason, "has 5 more faults, not shown");
    }
}
