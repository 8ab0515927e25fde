//! What becomes of packets that the kernel traces: its events to one packet's way, and the table
//! that has packets traced; pure.

mod event;
mod group;
mod headers;
mod judge;
mod known;
mod met;
mod table;

#[cfg(test)]
mod tests;

pub use event::{Direction, Event, EventKind, Outcome, RawHeaders, Tracked};
pub use group::{Grouping, Way};
pub use headers::{Headers, parse as parse_headers};
pub use judge::{Fate, Followed, follow};
pub use known::{KnownRule, KnownRules};
pub use met::Met;
pub use table::{Filter, Mismatch, TRACE_TABLE, Transport, trace_table};

/// A table as nft says it: its family and its name.
#[must_use]
pub fn table_text(family: u8, name: &str) -> String {
    let family = match family {
        1 => "inet",
        2 => "ip",
        3 => "arp",
        5 => "netdev",
        7 => "bridge",
        10 => "ip6",
        other => return format!("family {other} {name}"),
    };
    format!("{family} {name}")
}
