//! What becomes of a packet: as explain says, and as the kernel's hooks saw it.

use std::collections::{BTreeMap, BTreeSet};

use nftdivert::explain::{Capture, Effect, Explanation, Verdict, Way};
use nftdivert::policy::{CapturePolicy, InboundMode};
use nftdivert::ruleset::{Ruleset, Set};

use crate::packets::{Drawn, Transport};

/// Where a packet ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It left the pod.
    Left,
    /// It came to the pod's own sockets, at this port.
    Came(u16),
    /// It ended on its way, and TCP answered with a reset.
    Refused,
    /// It ended on its way.
    Gone,
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// Where it ended.
    pub end: End,
    /// Whether its destination was rewritten.
    pub redirected: bool,
    /// Whether it was handed over by TPROXY.
    pub handed: bool,
    /// Its mark at its end.
    pub mark: u32,
    /// Whether it was kept out of connection tracking.
    pub untracked: bool,
    /// Whether it was tracked in the zone of name queries.
    pub zoned: bool,
}

impl Fate {
    fn ended(end: End) -> Self {
        Self { end, redirected: false, handed: false, mark: 0, untracked: false, zoned: false }
    }

    /// What explain says.
    pub fn said(said: &Explanation, drawn: &Drawn, policy: &CapturePolicy) -> Self {
        let effects = || said.steps.iter().flat_map(|step| &step.effects);
        let set = |mark, effect: &Effect| if let Effect::Mark(new) = effect { *new } else { mark };
        let port =
            |port, effect: &Effect| if let Effect::Redirect(new) = effect { *new } else { port };
        // TPROXY may take what was redirected when it left.
        let came = End::Came(effects().fold(drawn.to.port(), port));
        let mut fate = Self {
            redirected: effects().any(|effect| matches!(effect, Effect::Redirect(_))),
            mark: effects().fold(drawn.mark, set),
            untracked: effects().any(|effect| *effect == Effect::Untracked),
            zoned: effects().any(|effect| *effect == Effect::Zone(53)),
            ..Self::ended(End::Left)
        };
        match &said.verdict {
            Verdict::Captured { port, by: Capture::Redirect } => {
                fate.end = came;
                assert_eq!(fate.end, End::Came(*port));
            }
            Verdict::Captured { port, by: Capture::Tproxy } => {
                assert_eq!(*port, policy.proxy.ports.inbound.get());
                (fate.end, fate.handed) = (came, true);
            }
            Verdict::Direct if drawn.leaves() => {}
            Verdict::Direct => fate.end = came,
            Verdict::Rejected if drawn.transport == Transport::Tcp => {
                return Self::ended(End::Refused);
            }
            Verdict::Rejected | Verdict::Dropped => return Self::ended(End::Gone),
            Verdict::Unknown { what } => panic!("explain does not know {what}"),
        }
        fate.without_what_does_not_show(drawn, policy)
    }

    /// A destination that is rewritten to what it was shows nowhere, and neither does TPROXY where
    /// the packet is for the proxy's port anyway.
    fn without_what_does_not_show(mut self, drawn: &Drawn, policy: &CapturePolicy) -> Self {
        let stays = matches!(drawn.packet().way, Way::In { .. }) || drawn.to.ip().is_loopback();
        self.redirected &= !(stays && self.end == End::Came(drawn.to.port()));
        let inbound = policy.proxy.ports.inbound.get();
        let steers = policy.inbound.mode != InboundMode::Redirect;
        self.handed &= steers && self.end != End::Came(inbound);
        self
    }
}

/// The sets that the hooks of the suite's own table filled.
pub struct Seen {
    left: BTreeMap<(u8, u16), (u16, u32)>,
    came: BTreeMap<(u8, u16), (u16, u32)>,
    marked: BTreeMap<&'static str, BTreeSet<(u8, u16)>>,
}

/// Sets of what is true of a packet.
const FACTS: [&str; 5] = ["rewritten", "handed", "untracked", "zoned", "resets"];

impl Seen {
    /// Of the suite's table as it was read.
    pub fn of(table: &Ruleset) -> Self {
        let set = |name: &str| table.set(name).unwrap_or_else(|| panic!("no set {name}"));
        let facts = FACTS.map(|name| (name, keys(set(name)).map(|key| sender(&key)).collect()));
        Self { left: ends(set("left")), came: ends(set("came")), marked: facts.into() }
    }

    /// What became of that packet.
    pub fn fate(&self, drawn: &Drawn, policy: &CapturePolicy) -> Fate {
        let key = (drawn.transport.number(), drawn.from.port());
        let is = |fact: &str| self.marked[fact].contains(&key);
        let (end, mark) = match (self.left.get(&key), self.came.get(&key)) {
            (Some((port, mark)), None) => {
                assert_eq!(*port, drawn.to.port(), "{drawn:?} left for another port");
                (End::Left, *mark)
            }
            (None, Some((port, mark))) => (End::Came(*port), *mark),
            (None, None) if is("resets") => return Fate::ended(End::Refused),
            (None, None) => return Fate::ended(End::Gone),
            (Some(_), Some(_)) => panic!("{drawn:?} left and came"),
        };
        let fate = Fate {
            end,
            redirected: is("rewritten"),
            handed: is("handed"),
            mark,
            untracked: is("untracked"),
            zoned: is("zoned"),
        };
        fate.without_what_does_not_show(drawn, policy)
    }
}

/// All elements as bytes: each part of a key fills 4 of them.
fn keys(set: &Set) -> impl Iterator<Item = Vec<u8>> + '_ {
    let len = usize::try_from(set.key.bytes()).unwrap();
    set.elements.iter().map(move |element| element.first.bytes(len))
}

fn sender(key: &[u8]) -> (u8, u16) {
    (key[0], u16::from_be_bytes([key[4], key[5]]))
}

fn ends(set: &Set) -> BTreeMap<(u8, u16), (u16, u32)> {
    let end = |key: Vec<u8>| {
        let mark = u32::from_ne_bytes(key[12..16].try_into().unwrap());
        (sender(&key), (u16::from_be_bytes([key[8], key[9]]), mark))
    };
    let all: Vec<_> = keys(set).map(end).collect();
    let ends: BTreeMap<_, _> = all.iter().copied().collect();
    assert_eq!(ends.len(), all.len(), "a packet came twice: {all:?}");
    ends
}
