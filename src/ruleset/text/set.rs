//! Set elements in the words of nft.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::{Interval, KeyType, Set};
use super::value::name_text;
use crate::words::AddrRange;

/// All elements of a set, in order.
pub fn element_texts(set: &Set) -> impl Iterator<Item = String> + '_ {
    set.elements.iter().map(|interval| element_text(set.key, *interval))
}

fn element_text(key: KeyType, interval: Interval) -> String {
    let Interval { first, last } = interval;
    let range = match key {
        KeyType::Ipv4Addr => ipv4_range(first, last),
        KeyType::Ipv6Addr => {
            AddrRange::new(Ipv6Addr::from(first), Ipv6Addr::from(last)).map(|r| r.to_string())
        }
        KeyType::InetService
        | KeyType::Uid
        | KeyType::Gid
        | KeyType::IfName
        | KeyType::Other { .. } => None,
    };
    range.unwrap_or_else(|| number_range(key, first, last))
}

fn ipv4_range(first: u128, last: u128) -> Option<String> {
    let address = |number| u32::try_from(number).ok().map(Ipv4Addr::from);
    Some(AddrRange::new(address(first)?, address(last)?)?.to_string())
}

fn number_range(key: KeyType, first: u128, last: u128) -> String {
    let text = |value: u128| match key {
        KeyType::IfName => name_text(&value.to_be_bytes()),
        KeyType::Other { .. } => format!("{value:#x}"),
        KeyType::Ipv4Addr
        | KeyType::Ipv6Addr
        | KeyType::InetService
        | KeyType::Uid
        | KeyType::Gid => value.to_string(),
    };
    if first == last { text(first) } else { format!("{}-{}", text(first), text(last)) }
}
