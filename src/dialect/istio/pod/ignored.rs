//! What a pod says without effect.

use std::fmt;

use super::annotations::{MODE, REROUTE, SINGLE, TOGETHER, TRAFFIC};
use super::injected::{self, INJECT};
use super::value::Pod;
use crate::policy::{nearest, shown};

/// Something that was written and has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The annotation, the label or the variable, safe for a terminal.
    pub field: String,
    /// Why it has no effect, and what may have been meant.
    pub reason: String,
}

impl Note {
    pub(super) fn new(field: &str, reason: impl Into<String>) -> Note {
        Note { field: shown(field), reason: reason.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// Notes annotations that look like settings and are none, which Istio passes over in silence.
pub(super) fn note(pod: &Pod, notes: &mut Vec<Note>) {
    if let Some((text, from)) = injected::unreadable(pod) {
        let reason = format!("has no effect: {} is neither true nor false", shown(text));
        notes.push(Note::new(&format!("{from} {INJECT}"), reason));
    }
    let known: Vec<&str> = SINGLE.iter().map(|one| one.name).chain(TOGETHER).collect();
    for name in pod.annotations.keys().filter(|name| !known.contains(&name.as_str())) {
        notes.extend(unknown(name, &known));
    }
}

fn unknown(name: &str, known: &[&str]) -> Option<Note> {
    if let Some(key) = name.strip_prefix(TRAFFIC) {
        let keys: Vec<&str> = known.iter().filter_map(|name| name.strip_prefix(TRAFFIC)).collect();
        let meant = nearest(key, &keys);
        let advice = meant.map(|key| format!("; is {TRAFFIC}{key} meant?")).unwrap_or_default();
        return Some(Note::new(name, format!("has no effect: it is not known{advice}")));
    }
    let slip = |whole: &&str| {
        let split = whole.split_once('/').zip(name.split_once('/'));
        split
            .is_some_and(|(meant, said)| meant.0 == said.0 && nearest(said.1, &[meant.1]).is_some())
    };
    let meant = [MODE, REROUTE].into_iter().find(slip)?;
    Some(Note::new(name, format!("has no effect: it is not known; is {meant} meant?")))
}
