//! From the table that is written to the last packet.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::error::TraceError;
use super::signals::Signals;
use super::table::Table;
use crate::apply::{Inside, Target};
use crate::follow::{
    Event, EventKind, Filter, Followed, Grouping, KnownRules, Way, follow, table_text,
};
use crate::netlink::{Connection, Family, NetlinkError, Subscription};
use crate::nft::{NftError, TRACE_GROUP, decode_event, read_rules, read_table};
use crate::plan::TABLE;

/// A packet of which nothing was heard for so long has met all that it meets.
const QUIET: Duration = Duration::from_millis(100);
/// `NFPROTO_INET`, the family of our table.
const INET: u8 = 1;

/// Whose rules count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// Ours; without them there is nothing to trace.
    Ours,
    /// Those of others too.
    All,
}

/// When a trace ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// After so long.
    pub limit: Duration,
    /// After so many packets.
    pub packets: Option<u64>,
}

/// What is traced.
#[derive(Debug, Clone, Copy)]
pub struct TraceOptions {
    /// Which packets; the user as the pod counts it.
    pub filter: Filter,
    /// Whose rules count.
    pub tables: Tables,
    /// When it ends.
    pub until: Until,
}

/// How a trace ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Packets that were handed over.
    pub packets: u64,
    /// Events that the kernel could not keep.
    pub lost: u64,
}

/// What a trace hands over.
#[derive(Debug)]
pub enum Told<'a> {
    /// The table is there: packets are traced from here on.
    Begun {
        /// Whether our own rules are there.
        is_applied: bool,
    },
    /// A packet has passed; with the names of its interfaces.
    Packet {
        /// What became of it.
        followed: &'a Followed,
        /// The interface by which it came.
        iif: Option<String>,
        /// The interface by which it would leave.
        oif: Option<String>,
    },
}

/// Takes what a trace hands over; a break ends the trace.
pub type Tell<'a> = dyn FnMut(Told<'_>) -> ControlFlow<()> + Send + 'a;

/// Traces packets in a namespace until the time is over, enough were seen, a signal comes, or
/// `tell` has enough.
///
/// # Errors
/// The kernel refuses, or another trace runs there. Nothing stays.
pub fn trace(
    target: &Target,
    options: &TraceOptions,
    signals: &Signals,
    tell: &mut Tell<'_>,
) -> Result<Summary, TraceError> {
    target.run(|inside| Ok(Trace::begin(inside, options).and_then(|t| t.run(signals, tell))))?
}

struct Trace {
    table: Option<Table>,
    events: Subscription,
    reader: Connection,
    known: KnownRules,
    /// Rules that were looked for and are not there any more.
    gone: BTreeSet<(String, u64)>,
    grouping: Grouping,
    until: Until,
    is_applied: bool,
    packets: u64,
}

impl Trace {
    fn begin(inside: &Inside, options: &TraceOptions) -> Result<Self, TraceError> {
        let filter = Filter { uid: outside(inside, options.filter.uid)?, ..options.filter };
        let mut reader = Connection::open(Family::Netfilter).map_err(NftError::from)?;
        let (known, is_applied) = read_known(&mut reader)?;
        if options.tables == Tables::Ours && !is_applied {
            return Err(TraceError::NotApplied);
        }
        // First the ears, then what is to be heard.
        let events = Subscription::open(Family::Netfilter, TRACE_GROUP)?;
        Ok(Self {
            table: Some(Table::write(&filter)?),
            events,
            reader,
            known,
            gone: BTreeSet::new(),
            grouping: Grouping::default(),
            until: options.until,
            is_applied,
            packets: 0,
        })
    }

    fn run(mut self, signals: &Signals, tell: &mut Tell<'_>) -> Result<Summary, TraceError> {
        let start = Instant::now();
        let mut flow = tell(Told::Begun { is_applied: self.is_applied });
        while flow.is_continue() {
            let left = self.until.limit.saturating_sub(start.elapsed());
            let wait = if self.grouping.is_empty() { left } else { left.min(QUIET) };
            if left.is_zero() || signals.wait(self.events.as_fd(), wait)? {
                self.finish(tell)?;
                break;
            }
            let now = millis(start.elapsed());
            self.receive(now)?;
            let settled = self.grouping.settle(now.saturating_sub(millis(QUIET)));
            flow = self.hand_over(settled, tell)?;
        }
        Ok(Summary { packets: self.packets, lost: self.events.lost() })
    }

    /// Takes the table away, and hands over what the kernel has told until then.
    fn finish(&mut self, tell: &mut Tell<'_>) -> Result<(), TraceError> {
        self.table = None;
        while self.receive(u64::MAX)? {}
        let settled = self.grouping.settle(u64::MAX);
        self.hand_over(settled, tell).map(drop)
    }

    /// Takes what there is; `true` if there may be more.
    fn receive(&mut self, now: u64) -> Result<bool, TraceError> {
        let malformed = |source| NetlinkError::Malformed { family: Family::Netfilter, source };
        let grouping = &mut self.grouping;
        Ok(self.events.receive(&mut |kind, body| {
            let event = decode_event(kind, body).map_err(malformed)?;
            event.into_iter().for_each(|event| grouping.add(event, now));
            Ok(())
        })?)
    }

    fn hand_over(
        &mut self,
        ways: Vec<Way>,
        tell: &mut Tell<'_>,
    ) -> Result<ControlFlow<()>, TraceError> {
        for way in ways {
            if self.until.packets.is_some_and(|most| self.packets >= most) {
                return Ok(ControlFlow::Break(()));
            }
            self.learn(&way)?;
            let followed = follow(&way, &self.known);
            self.packets += 1;
            let (iif, oif) = (followed.iif.map(name), followed.oif.map(name));
            if tell(Told::Packet { followed: &followed, iif, oif }).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        let is_enough = self.until.packets.is_some_and(|most| self.packets >= most);
        Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Reads the rules again if one is named that is not known: they were replaced.
    fn learn(&mut self, way: &Way) -> Result<(), TraceError> {
        let missing: Vec<_> =
            way.events.iter().chain(&way.again).filter_map(|event| self.missing(event)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        (self.known, _) = read_known(&mut self.reader)?;
        let gone =
            missing.into_iter().filter(|(table, rule)| self.known.find(table, *rule).is_none());
        self.gone.extend(gone);
        Ok(())
    }

    fn missing(&self, event: &Event) -> Option<(String, u64)> {
        let EventKind::Rule { handle, .. } = event.kind else { return None };
        let name = (event.table.clone(), handle);
        let is_known = self.known.find(&name.0, handle).is_some() || self.gone.contains(&name);
        (!is_known).then_some(name)
    }
}

/// The rules that are there, and whether ours are among them.
fn read_known(reader: &mut Connection) -> Result<(KnownRules, bool), TraceError> {
    let own = read_table(reader, TABLE)?.map(|found| found.ruleset);
    let rules = read_rules(reader)?;
    let is_applied = own.as_ref().is_some_and(|ruleset| ruleset.rules().next().is_some());
    Ok((KnownRules::new(rules, table_text(INET, TABLE), own.as_ref()), is_applied))
}

fn outside(inside: &Inside, uid: Option<u32>) -> Result<Option<u32>, TraceError> {
    let map = &inside.ids().uids;
    let Some(uid) = uid else { return Ok(None) };
    match map.outside(uid) {
        Some(outside) => Ok(Some(outside)),
        None => Err(TraceError::Uid { uid, map: map.to_string() }),
    }
}

fn name(index: u32) -> String {
    let name = nix::net::if_::if_indextoname(index).ok();
    name.and_then(|name| name.into_string().ok()).unwrap_or_else(|| format!("interface {index}"))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
