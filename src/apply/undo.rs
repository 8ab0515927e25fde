//! How effects are taken back, and how that is written down.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use crate::plan::{Effect, KeepMarks};
use crate::words::{IpFamily, MarkRoute};

/// How an effect is taken back.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undo {
    /// Take the address from `lo`, where it was not before.
    LoopbackAddress(Ipv6Addr),
    /// Give `nf_conntrack_tcp_loose` the value it had.
    TcpLoose(u32),
    /// Give the setting the value it had.
    KeepMarks(KeepMarks, u32),
    /// Take rule and route away.
    MarkRoute(MarkRoute),
}

impl Undo {
    /// Whether this takes back that effect.
    #[must_use]
    pub fn is_of(self, effect: Effect) -> bool {
        match (self, effect) {
            (Self::LoopbackAddress(ours), Effect::LoopbackAddress(wanted)) => ours == wanted,
            (Self::TcpLoose(_), Effect::TcpLooseOff) => true,
            (Self::KeepMarks(ours, _), Effect::KeepMarks(wanted)) => ours == wanted,
            (Self::MarkRoute(ours), Effect::MarkRoute(wanted)) => ours == wanted,
            (
                Self::LoopbackAddress(_)
                | Self::TcpLoose(_)
                | Self::KeepMarks(..)
                | Self::MarkRoute(_),
                _,
            ) => false,
        }
    }
}

impl fmt::Display for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoopbackAddress(address) => write!(f, "address {address}"),
            Self::TcpLoose(value) => write!(f, "tcp_loose {value}"),
            Self::KeepMarks(marks, value) => write!(f, "{} {value}", word(*marks)),
            Self::MarkRoute(MarkRoute { family: IpFamily::V4, mark, table }) => {
                write!(f, "route4 {mark} {table}")
            }
            Self::MarkRoute(MarkRoute { family: IpFamily::V6, mark, table }) => {
                write!(f, "route6 {mark} {table}")
            }
        }
    }
}

fn word(marks: KeepMarks) -> &'static str {
    match marks {
        KeepMarks::Accepted => "accept",
        KeepMarks::ReflectedV4 => "reflect4",
        KeepMarks::ReflectedV6 => "reflect6",
    }
}

impl FromStr for Undo {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (word, rest) = text.split_once(' ').ok_or(())?;
        let number = || rest.parse().map_err(|_| ());
        Ok(match word {
            "address" => Self::LoopbackAddress(rest.parse().map_err(|_| ())?),
            "tcp_loose" => Self::TcpLoose(number()?),
            "accept" => Self::KeepMarks(KeepMarks::Accepted, number()?),
            "reflect4" => Self::KeepMarks(KeepMarks::ReflectedV4, number()?),
            "reflect6" => Self::KeepMarks(KeepMarks::ReflectedV6, number()?),
            "route4" => Self::MarkRoute(mark_route(IpFamily::V4, rest)?),
            "route6" => Self::MarkRoute(mark_route(IpFamily::V6, rest)?),
            _ => return Err(()),
        })
    }
}

fn mark_route(family: IpFamily, text: &str) -> Result<MarkRoute, ()> {
    let (mark, table) = text.split_once(' ').ok_or(())?;
    let number = |text: &str| text.parse().map_err(|_| ());
    Ok(MarkRoute { family, mark: number(mark)?, table: number(table)? })
}

/// What to undo, with one entry for routes of both families: a record has little room.
pub(super) fn text(undo: &[Undo]) -> String {
    let mut entries: Vec<String> = Vec::new();
    for undo in undo {
        let both = match undo {
            Undo::MarkRoute(MarkRoute { family: IpFamily::V6, mark, table }) => {
                let four = format!("route4 {mark} {table}");
                entries.iter_mut().find(|entry| **entry == four)
            }
            Undo::LoopbackAddress(_)
            | Undo::TcpLoose(_)
            | Undo::KeepMarks(..)
            | Undo::MarkRoute(_) => None,
        };
        match both {
            Some(four) => *four = four.replace("route4", "route46"),
            None => entries.push(undo.to_string()),
        }
    }
    entries.join(", ")
}

/// Reads the same again.
pub(super) fn list(text: &str) -> Result<Vec<Undo>, ()> {
    let undo: Result<Vec<Vec<Undo>>, ()> = text.split(", ").map(entry).collect();
    Ok(undo?.concat())
}

/// The undoing that an entry stands for, IPv4 first.
fn entry(text: &str) -> Result<Vec<Undo>, ()> {
    match text.strip_prefix("route46 ") {
        Some(rest) => [IpFamily::V4, IpFamily::V6]
            .into_iter()
            .map(|family| mark_route(family, rest).map(Undo::MarkRoute))
            .collect(),
        None => Ok(vec![text.parse()?]),
    }
}
