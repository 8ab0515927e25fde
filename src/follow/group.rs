//! Events in the order in which they come, put together to packets.

use std::collections::BTreeMap;

use super::event::{Event, EventKind};
use super::headers::{Headers, parse};
use super::table::{TRACE_TABLE, begins};
use super::table_text;
use crate::ruleset::build::LOOPBACK_IFINDEX;

/// `NFPROTO_INET`, the family of the trace's own table.
const INET: u8 = 1;

/// All events of one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// From the hook where the packet was seen first.
    pub events: Vec<Event>,
    /// After it left by `lo` and came in again.
    pub again: Vec<Event>,
    /// When the last event came, in the caller's measure.
    touched: u64,
}

/// Packets of which more may come.
#[derive(Debug)]
pub struct Grouping {
    own_table: String,
    ways: BTreeMap<u64, Way>,
    places: BTreeMap<u32, u64>,
    next: u64,
}

impl Default for Grouping {
    fn default() -> Self {
        let own_table = table_text(INET, TRACE_TABLE);
        Self { own_table, ways: BTreeMap::new(), places: BTreeMap::new(), next: 0 }
    }
}

impl Grouping {
    /// Adds an event that came `now`.
    pub fn add(&mut self, event: Event, now: u64) {
        let is_first = self.is_begin(&event);
        let known = self.places.get(&event.id).filter(|_| !is_first);
        if let Some(place) = known {
            return self.append(*place, event, now);
        }
        match self.left_by_lo(&event) {
            Some(place) => {
                self.places.insert(event.id, place);
                self.append(place, event, now);
            }
            // What another program has traced is none of ours.
            None if !is_first => {}
            None => {
                self.places.insert(event.id, self.next);
                let way = Way { events: vec![event], again: Vec::new(), touched: now };
                self.ways.insert(self.next, way);
                self.next += 1;
            }
        }
    }

    /// The packets of which nothing came since `limit`, in the order of their beginning: each waits
    /// for those before it.
    pub fn settle(&mut self, limit: u64) -> Vec<Way> {
        let mut settled = Vec::new();
        while let Some(first) = self.ways.first_entry().filter(|way| way.get().touched <= limit) {
            let (place, way) = first.remove_entry();
            for event in [way.events.first(), way.again.first()].into_iter().flatten() {
                // The number may be another packet's by now.
                if self.places.get(&event.id) == Some(&place) {
                    self.places.remove(&event.id);
                }
            }
            settled.push(way);
        }
        settled
    }

    /// Whether there are packets of which more may come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// The rule that has a packet traced is the first that tells of it.
    fn is_begin(&self, event: &Event) -> bool {
        let is_rule = matches!(event.kind, EventKind::Rule { .. });
        is_rule && event.table == self.own_table && begins(&event.chain)
    }

    fn append(&mut self, place: u64, event: Event, now: u64) {
        let Some(way) = self.ways.get_mut(&place) else { return };
        way.touched = now;
        let is_again = way.events.first().is_some_and(|first| first.id != event.id);
        if is_again { way.again.push(event) } else { way.events.push(event) }
    }

    /// The packet that left by `lo` and comes in again with this event.
    fn left_by_lo(&self, event: &Event) -> Option<u64> {
        let raw = event.headers.as_ref()?;
        let comes_by_lo = raw.iif == Some(LOOPBACK_IFINDEX) && raw.oif.is_none();
        let here = comes_by_lo.then(|| parse(raw)).flatten()?;
        let found = self.ways.iter().find(|(_, way)| {
            way.again.is_empty() && way.sent().is_some_and(|left| is_same(&left, &here))
        });
        found.map(|(place, _)| *place)
    }
}

impl Way {
    /// What the packet said when it was sent; `None` for one that came in.
    fn sent(&self) -> Option<Headers> {
        let raw = self.events.first()?.headers.as_ref()?;
        raw.oif.and(parse(raw))
    }
}

/// Whether it is one packet before and after its destination was rewritten.
fn is_same(one: &Headers, other: &Headers) -> bool {
    let port = |of: &Headers| of.protocol.ports().map(|ports| ports.source);
    one.addresses.source() == other.addresses.source()
        && std::mem::discriminant(&one.protocol) == std::mem::discriminant(&other.protocol)
        && port(one) == port(other)
        && one.sequence == other.sequence
}
