//! Set elements in the words of nft.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::{Interval, Key, KeyType, Set};
use super::value::{hex, name_text};
use crate::words::AddrRange;

/// All elements of a set, in order.
pub fn element_texts(set: &Set) -> impl Iterator<Item = String> + '_ {
    set.elements.iter().map(|interval| element_text(set.key, *interval))
}

fn element_text(key: KeyType, interval: Interval) -> String {
    let Interval { first, last } = interval;
    let range = match key {
        KeyType::Ipv4Addr => ipv4_range(first.low(), last.low()),
        KeyType::Ipv6Addr => {
            let addresses = (Ipv6Addr::from(first.low()), Ipv6Addr::from(last.low()));
            AddrRange::new(addresses.0, addresses.1).map(|range| range.to_string())
        }
        KeyType::Ipv4Service => Some(service(&first.bytes(8))),
        KeyType::Ipv6Service => Some(service(&first.bytes(20))),
        KeyType::InetService
        | KeyType::Uid
        | KeyType::Gid
        | KeyType::IfName
        | KeyType::Other { .. } => None,
    };
    range.unwrap_or_else(|| number_range(key, first, last))
}

/// An address, then a port in the first half of 4 bytes.
fn service(bytes: &[u8]) -> String {
    let (address, port) = bytes.split_at(bytes.len().saturating_sub(4));
    let port = port.iter().take(2).fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    let address: Option<IpAddr> = match address.len() {
        4 => <[u8; 4]>::try_from(address).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(address).ok().map(IpAddr::from),
    };
    address.map(|address| format!("{address} . {port}")).unwrap_or_default()
}

fn ipv4_range(first: u128, last: u128) -> Option<String> {
    let address = |number| u32::try_from(number).ok().map(Ipv4Addr::from);
    Some(AddrRange::new(address(first)?, address(last)?)?.to_string())
}

fn number_range(key: KeyType, first: Key, last: Key) -> String {
    let text = |value: Key| match key {
        KeyType::IfName => name_text(&value.bytes(16)),
        KeyType::Other { .. } => hex(&value.bytes(usize::try_from(key.bytes()).unwrap_or(20))),
        KeyType::Ipv4Addr
        | KeyType::Ipv6Addr
        | KeyType::Ipv4Service
        | KeyType::Ipv6Service
        | KeyType::InetService
        | KeyType::Uid
        | KeyType::Gid => value.low().to_string(),
    };
    if first == last { text(first) } else { format!("{}-{}", text(first), text(last)) }
}
