//! A table without some of its chains: what is left moves together, and every place that is named
//! in it moves along.

use super::layout::{ADD_COUNTERS, COUNTERS, REPLACE, TARGET_HEAD, replace_head, table_name};
use super::parse::{Entry, Kind, Span, Spans, entries, target};
use super::{Info, Malformed, Table, Target};

/// What goes.
#[derive(Clone, Copy)]
pub struct Gone<'a> {
    /// Chains by their names; built-in chains stay.
    pub chains: &'a dyn Fn(&str) -> bool,
    /// Rules of built-in chains by what they do.
    pub rules: &'a dyn Fn(&Target) -> bool,
}

/// What a table is to be replaced by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The names of the chains that are gone.
    pub removed: Vec<String>,
    /// `struct ipt_replace` with the entries, without room for the old counters.
    pub(super) request: Vec<u8>,
    info: Info,
    /// The old number of each entry that is left.
    kept: Vec<usize>,
}

impl Replacement {
    /// What the kernel is told of the table besides its entries.
    #[must_use]
    pub fn info(&self) -> Info {
        self.info
    }

    /// The entries as they will be.
    #[must_use]
    pub fn entries(&self) -> &[u8] {
        self.request.get(REPLACE..).unwrap_or_default()
    }

    /// `struct xt_counters_info`: what the entries that are left had counted when the table was
    /// replaced, out of what all had.
    pub(super) fn counters(&self, name: &str, counted: &[u8]) -> Vec<u8> {
        let mut bytes = table_name(name).to_vec();
        bytes.extend(u32::try_from(self.kept.len()).unwrap_or(0).to_ne_bytes());
        bytes.resize(ADD_COUNTERS, 0);
        for old in &self.kept {
            let counters = counted.get(old * COUNTERS..(old + 1) * COUNTERS);
            bytes.extend(counters.unwrap_or(&[0; COUNTERS]));
        }
        bytes
    }
}

/// The table without what goes, and without the rules that lead there; `None` if nothing goes.
///
/// # Errors
/// An entry is cut off, or too short for what it holds.
pub fn without(table: &Table, gone: Gone<'_>) -> Result<Option<Replacement>, Malformed> {
    let entries = entries(table)?;
    let spans = Spans::new(&table.info, &entries);
    let goes = |span: &Span| span.hook.is_none() && (gone.chains)(&span.name);
    let leads_there = |entry: &Entry| match entry.kind {
        Kind::To(place) => spans.led_to(place).is_some_and(goes),
        Kind::Head(_) | Kind::Verdict | Kind::Extension(_) => false,
    };
    let mut kept = Vec::with_capacity(entries.len());
    for span in spans.all.iter().filter(|span| !goes(span)) {
        let numbered =
            (span.first..span.end).filter_map(|index| Some((index, entries.get(index)?)));
        let stays = |entry: &Entry| {
            let is_named = span.hook.is_some() && (gone.rules)(&target(table, &spans, entry));
            !is_named && !leads_there(entry)
        };
        kept.extend(numbered.filter(|(_, entry)| stays(entry)).map(|(index, _)| index));
    }
    // The end of the table is in no chain.
    kept.extend(entries.len().checked_sub(1));
    if kept.len() == entries.len() {
        return Ok(None);
    }
    let removed = spans.all.iter().filter(|span| goes(span)).map(|span| span.name.clone());
    let (info, request) = build(table, &entries, &kept)?;
    Ok(Some(Replacement { removed: removed.collect(), request, info, kept }))
}

fn build(table: &Table, entries: &[Entry], kept: &[usize]) -> Result<(Info, Vec<u8>), Malformed> {
    let moves = Moves::new(entries, kept);
    let kept_entries = kept.iter().filter_map(|index| entries.get(*index));
    let mut blob = Vec::with_capacity(table.entries.len());
    for entry in kept_entries {
        let (start, end) = (blob.len(), entry.offset + entry.length);
        blob.extend(table.entries.get(entry.offset..end).unwrap_or_default());
        if let Kind::To(place) = entry.kind {
            let verdict = start + (entry.target - entry.offset) + TARGET_HEAD;
            let moved = moves.of(place)?.to_ne_bytes();
            if let Some(bytes) = blob.get_mut(verdict..verdict + moved.len()) {
                bytes.copy_from_slice(&moved);
            }
        }
    }
    let mut info =
        Info { num_entries: number(kept.len(), 0)?, size: number(blob.len(), 0)?, ..table.info };
    for place in info.hook_entry.iter_mut().chain(&mut info.underflow) {
        // The places of hooks without a chain mean nothing.
        *place = moves.of(usize::try_from(*place).unwrap_or(usize::MAX)).unwrap_or(0);
    }
    let mut request = replace_head(&table.name, &info);
    request.extend(blob);
    Ok((info, request))
}

/// Where entries were, and where they are.
struct Moves(Vec<(usize, usize)>);

impl Moves {
    fn new(entries: &[Entry], kept: &[usize]) -> Self {
        let mut now = 0;
        let moved = |entry: &Entry| {
            let place = (entry.offset, now);
            now += entry.length;
            place
        };
        Self(kept.iter().filter_map(|index| entries.get(*index)).map(moved).collect())
    }

    /// The new place of an entry; of one that is gone, that of the next that is left, which is in
    /// the same chain: a chain's last entry leads nowhere and stays.
    fn of(&self, old: usize) -> Result<u32, Malformed> {
        let next = self.0.partition_point(|(was, _)| *was < old);
        let place = self.0.get(next).map(|(_, is)| *is);
        let place = place.ok_or(Malformed { what: "a jump beyond the end", offset: old })?;
        number(place, old)
    }
}

fn number(value: usize, offset: usize) -> Result<u32, Malformed> {
    u32::try_from(value).map_err(|_| Malformed { what: "a table of more than 4 GiB", offset })
}
