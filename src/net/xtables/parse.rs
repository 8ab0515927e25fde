//! Reads the entries of a table: chains, and where their rules lead.

use std::collections::BTreeMap;

use super::layout::{CHAIN_NAME, TARGET_HEAD, TARGET_NAME, i32_at, string_at, u16_at};
use super::{HOOKS, Info, Layout, Malformed, Table};

/// The name of the target that begins a chain, and ends the table (`XT_ERROR_TARGET`).
const ERROR: &str = "ERROR";
/// The built-in chains by their hooks.
const BUILT_IN: [&str; HOOKS] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// The number of its hook, if it is a built-in one.
    pub hook: Option<usize>,
    /// Its rules, in their order; the last is the chain's policy, or its return.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it does.
    pub target: Target,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Ends with a verdict, or only counts.
    Verdict,
    /// Jumps or goes to a chain.
    Jump(String),
    /// Does what a target extension does.
    Extension {
        /// Its name, `REDIRECT`.
        name: String,
        /// Its binary form.
        info: Vec<u8>,
    },
}

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    /// Where it begins, in bytes from the first.
    pub(super) offset: usize,
    /// How long it is.
    pub(super) length: usize,
    /// Where its target begins, in bytes from the first entry.
    pub(super) target: usize,
    /// What it is.
    pub(super) kind: Kind,
}

/// What an entry is.
#[derive(Debug)]
pub(super) enum Kind {
    /// The beginning of a chain, or the end of the table.
    Head(String),
    /// A rule that ends.
    Verdict,
    /// A rule that goes on at another entry: a chain's first, or the next one.
    To(usize),
    /// A rule with a target extension.
    Extension(String),
}

/// Reads all entries.
pub(super) fn entries(table: &Table) -> Result<Vec<Entry>, Malformed> {
    let layout = Layout::of(table.version);
    let mut entries = Vec::new();
    let mut offset = 0;
    while offset < table.entries.len() {
        let entry = entry(&table.entries, offset, layout)?;
        offset += entry.length;
        entries.push(entry);
    }
    if u32::try_from(entries.len()) != Ok(table.info.num_entries) {
        return Err(Malformed { what: "another number of entries than there should be", offset });
    }
    Ok(entries)
}

fn entry(all: &[u8], offset: usize, layout: Layout) -> Result<Entry, Malformed> {
    let fail = |what| Malformed { what, offset };
    let rest = all.get(offset..).unwrap_or_default();
    let number = |at| u16_at(rest, at).map(usize::from).ok_or(fail("an entry that is cut off"));
    let (target, length) = (number(layout.target_offset)?, number(layout.next_offset)?);
    let bytes = rest.get(..length).ok_or(fail("an entry that is longer than the table"))?;
    if target < layout.elements || target + TARGET_HEAD > length {
        return Err(fail("an entry without room for its target"));
    }
    let bytes = bytes.get(target..).unwrap_or_default();
    let kind = kind(bytes).ok_or(fail("a target that is cut off"))?;
    Ok(Entry { offset, length, target: offset + target, kind })
}

/// What the bytes from the target on are.
fn kind(bytes: &[u8]) -> Option<Kind> {
    let name = string_at(bytes, TARGET_NAME.0, TARGET_NAME.1)?;
    Some(match name.as_str() {
        ERROR => Kind::Head(string_at(bytes, TARGET_HEAD, CHAIN_NAME)?),
        // A verdict below zero ends; else it is a place.
        "" => match usize::try_from(i32_at(bytes, TARGET_HEAD)?) {
            Ok(place) => Kind::To(place),
            Err(_) => Kind::Verdict,
        },
        _ => Kind::Extension(name),
    })
}

/// A chain by its entries: name, hook, and the range of its rules.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) hook: Option<usize>,
    /// The first entry that belongs to it; of a user's chain that is its head.
    pub(super) first: usize,
    /// Its first rule.
    pub(super) first_rule: usize,
    /// The entry after its last.
    pub(super) end: usize,
}

/// The chains of a table, by the numbers of their entries.
#[derive(Debug)]
pub(super) struct Spans {
    pub(super) all: Vec<Span>,
    /// The users' chains by where their first rule begins.
    by_place: BTreeMap<usize, usize>,
}

impl Spans {
    /// The last entry ends the table and is in no chain.
    pub(super) fn new(info: &Info, entries: &[Entry]) -> Self {
        let mut all: Vec<Span> = Vec::new();
        let last = entries.len().saturating_sub(1);
        for (index, entry) in entries.iter().enumerate().take(last) {
            let begun = match &entry.kind {
                Kind::Head(name) => Some((name.clone(), None, index + 1)),
                Kind::Verdict | Kind::To(_) | Kind::Extension(_) => hook_at(info, entry.offset)
                    .map(|(hook, name)| (name.to_owned(), Some(hook), index)),
            };
            if let Some((name, hook, first_rule)) = begun {
                all.push(Span { name, hook, first: index, first_rule, end: index + 1 });
            } else if let Some(span) = all.last_mut() {
                span.end = index + 1;
            }
        }
        let users = all.iter().enumerate().filter(|(_, span)| span.hook.is_none());
        let place = |(number, span): (usize, &Span)| {
            entries.get(span.first_rule).map(|entry| (entry.offset, number))
        };
        let by_place = users.filter_map(place).collect();
        Self { all, by_place }
    }

    /// The user's chain whose first rule is at this place. A rule without a target goes on at the
    /// next one, which is in the same chain and so never the first.
    pub(super) fn led_to(&self, place: usize) -> Option<&Span> {
        self.all.get(*self.by_place.get(&place)?)
    }
}

/// The hook whose chain begins at this place, and the chain's name.
fn hook_at(info: &Info, offset: usize) -> Option<(usize, &'static str)> {
    let mut hooks = info.hook_entry.into_iter().zip(BUILT_IN).enumerate();
    hooks.find_map(|(hook, (entry, name))| {
        let is_here = info.valid_hooks & (1 << hook) != 0;
        (is_here && usize::try_from(entry) == Ok(offset)).then_some((hook, name))
    })
}

/// Reads the chains of a table.
///
/// # Errors
/// An entry is cut off, or too short for what it holds.
pub fn parse(table: &Table) -> Result<Vec<Chain>, Malformed> {
    let entries = entries(table)?;
    let spans = Spans::new(&table.info, &entries);
    let chain = |span: &Span| Chain {
        name: span.name.clone(),
        hook: span.hook,
        rules: entries
            .get(span.first_rule..span.end)
            .unwrap_or_default()
            .iter()
            .map(|entry| Rule { target: target(table, &spans, entry) })
            .collect(),
    };
    Ok(spans.all.iter().map(chain).collect())
}

pub(super) fn target(table: &Table, spans: &Spans, entry: &Entry) -> Target {
    match &entry.kind {
        Kind::Head(_) | Kind::Verdict => Target::Verdict,
        Kind::To(place) => match spans.led_to(*place) {
            Some(span) => Target::Jump(span.name.clone()),
            None => Target::Verdict,
        },
        Kind::Extension(name) => {
            let data = entry.target + TARGET_HEAD..entry.offset + entry.length;
            let info = table.entries.get(data).unwrap_or_default().to_vec();
            Target::Extension { name: name.clone(), info }
        }
    }
}
