//! What an installation shall come to, and what the node's other plugins answered.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;

/// What shall be installed.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// In which way.
    pub way: Way,
    /// Our entry.
    pub entry: Entry,
    /// What becomes of entries of other meshes.
    pub meshes: Meshes,
}

/// The two ways to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Behind the node's plugins, for every pod.
    Chained,
    /// As a network of its own that a meta-plugin calls for the pods that name it.
    Standalone,
}

/// Entries of other meshes that capture too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meshes {
    /// Nothing is installed beside them.
    Refuse,
    /// Ours takes their place.
    TakeOver,
}

/// What plugins answered, by their types; empty where they were not asked.
pub type Answers = BTreeMap<String, Answer>;

/// What a plugin answered when it was asked for its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These.
    Speaks(BTreeSet<String>),
    /// There is no such binary.
    Absent,
    /// It could not be run, or gave no answer that can be read, and why.
    Silent(String),
}
