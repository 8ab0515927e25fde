//! Set elements: an interval is a start and, one past its last value, an end.

use netlink_packet_core::DecodeError;
use netlink_packet_netfilter::nftables::{
    DataAttribute, ListAttribute, NfTablesMessage, SetElementAttribute, SetElementFlags,
    SetElementList, SetElementMessage,
};

use super::{inet_attributes, message_type};
use crate::netlink::Attribute;
use crate::ruleset::{Interval, Key, KeyType, Set};

const NFTA_SET_ELEM_LIST_ELEMENTS: u16 = 3;
const NFTA_SET_ELEM_KEY: u16 = 1;
const NFTA_SET_ELEM_FLAGS: u16 = 3;
const NFTA_DATA_VALUE: u16 = 1;
/// `NFT_SET_ELEM_INTERVAL_END`.
const INTERVAL_END: u32 = 1;

/// Intervals in one message: two elements of at most 48 bytes each, and one attribute holds at
/// most 64 KiB.
const INTERVALS_PER_MESSAGE: usize = 700;

/// Bytes of the longest key that is read.
const LONGEST_KEY: usize = 20;

/// A key and whether an interval ends before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    /// The key as a number.
    pub key: Key,
    /// Whether this ends an interval. A start sorts behind an end at the same key.
    pub start: bool,
}

/// The messages that add all elements of a set, each with the intervals it adds.
pub(super) fn encode_new<'a>(
    table: &'a str,
    set: &'a Set,
    id: u32,
) -> impl Iterator<Item = (NfTablesMessage, &'a [Interval])> {
    set.elements.chunks(INTERVALS_PER_MESSAGE).map(move |chunk| {
        let elements = chunk.iter().flat_map(|interval| encode_interval(set, *interval)).collect();
        let attributes = vec![
            SetElementList::Table(table.to_owned()),
            SetElementList::Set(set.name.to_string()),
            SetElementList::SetId(id),
            SetElementList::Elements(elements),
        ];
        (NfTablesMessage::NewSetElement(SetElementMessage { attributes }), chunk)
    })
}

pub(super) fn encode_list(table: &str, set: &str) -> NfTablesMessage {
    NfTablesMessage::GetSetElement(SetElementMessage {
        attributes: vec![
            SetElementList::Table(table.to_owned()),
            SetElementList::Set(set.to_owned()),
        ],
    })
}

type Element = ListAttribute<SetElementAttribute>;

fn encode_interval(set: &Set, interval: Interval) -> impl Iterator<Item = Element> {
    let start = element(set.key, interval.first, SetElementFlags::empty());
    // An interval up to the highest value has no end: there is no value past it.
    let past = if set.flags.has_intervals() { interval.last.following() } else { None };
    let end = past
        .filter(|key| *key <= highest(set.key))
        .map(|key| element(set.key, key, SetElementFlags::IntervalEnd));
    std::iter::once(start).chain(end)
}

fn element(key: KeyType, value: Key, flags: SetElementFlags) -> Element {
    let mut attributes = Vec::with_capacity(2);
    if !flags.is_empty() {
        attributes.push(SetElementAttribute::Flags(flags));
    }
    attributes.push(SetElementAttribute::Key(DataAttribute::Value(key_bytes(key, value))));
    ListAttribute::Element(attributes)
}

fn key_len(key: KeyType) -> usize {
    usize::try_from(key.bytes()).unwrap_or(LONGEST_KEY).min(LONGEST_KEY)
}

fn highest(key: KeyType) -> Key {
    Key::highest(key_len(key))
}

fn key_bytes(key: KeyType, value: Key) -> Vec<u8> {
    let mut bytes = value.bytes(key_len(key));
    if key.is_host_order() && cfg!(target_endian = "little") {
        bytes.reverse();
    }
    bytes
}

/// Reads a `NFT_MSG_NEWSETELEM` of family `inet`: the bounds in the order of the message; none
/// for any other message.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode(kind: u16, body: &[u8], key: KeyType) -> Result<Vec<Bound>, DecodeError> {
    let Some(attributes) = inet_attributes(kind, message_type::NEWSETELEM, body) else {
        return Ok(Vec::new());
    };
    let Some(list) = attributes.find(NFTA_SET_ELEM_LIST_ELEMENTS) else {
        return Ok(Vec::new());
    };
    list.nested().map(|element| decode_bound(element?, key)).collect()
}

fn decode_bound(element: Attribute<'_>, key: KeyType) -> Result<Bound, DecodeError> {
    let mut bound = Bound { key: Key::default(), start: true };
    for attribute in element.nested() {
        let attribute = attribute?;
        match attribute.kind() {
            NFTA_SET_ELEM_FLAGS => bound.start = attribute.u32_be()? & INTERVAL_END == 0,
            NFTA_SET_ELEM_KEY => {
                let data = attribute.nested().expect(NFTA_DATA_VALUE, "NFTA_DATA_VALUE")?;
                bound.key = key_number(data.bytes(), key);
            }
            _ => {}
        }
    }
    Ok(bound)
}

fn key_number(bytes: &[u8], key: KeyType) -> Key {
    if key.is_host_order() && cfg!(target_endian = "little") {
        Key::from_bytes(bytes.iter().rev().copied())
    } else {
        Key::from_bytes(bytes.iter().copied())
    }
}

/// The intervals that the bounds of an interval set make, or the values of a plain one.
pub fn intervals(set: &Set, mut bounds: Vec<Bound>) -> Vec<Interval> {
    bounds.sort_unstable();
    if !set.flags.has_intervals() {
        return bounds.iter().map(|bound| Interval::single(bound.key)).collect();
    }
    let mut intervals = Vec::with_capacity(bounds.len() / 2 + 1);
    let mut open: Option<Key> = None;
    for bound in bounds {
        // A start while an interval is open, or an end while none is, says nothing new: nft
        // writes an end at the lowest key before the first interval.
        match (bound.start, open) {
            (true, None) => open = Some(bound.key),
            (false, Some(first)) => {
                intervals.push(Interval { first, last: bound.key.preceding() });
                open = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    intervals.extend(open.map(|first| Interval { first, last: highest(set.key) }));
    intervals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruleset::SetFlags;

    fn set(key: KeyType) -> Set {
        Set { name: "s".into(), key, flags: SetFlags::INTERVAL, elements: vec![] }
    }

    #[test]
    fn bounds_in_any_order_make_intervals() {
        let bound = |key: u128, start| Bound { key: key.into(), start };
        let bounds = vec![bound(20, true), bound(10, false), bound(0, false), bound(5, true)];
        assert_eq!(
            intervals(&set(KeyType::InetService), bounds),
            vec![Interval::between(5, 9), Interval::between(20, 65535)]
        );
    }

    #[test]
    fn neighbours_stay_two_intervals() {
        let bound = |key: u128, start| Bound { key: key.into(), start };
        let bounds = vec![bound(1, true), bound(5, false), bound(5, true), bound(9, false)];
        assert_eq!(
            intervals(&set(KeyType::Ipv4Addr), bounds),
            vec![Interval::between(1, 4), Interval::between(5, 8)]
        );
    }

    #[test]
    fn the_highest_interval_has_no_end() {
        let everything = Interval::between(0, u128::from(u32::MAX));
        assert_eq!(encode_interval(&set(KeyType::Ipv4Addr), everything).count(), 1);
        let everything = Interval::between(0, u128::MAX);
        assert_eq!(encode_interval(&set(KeyType::Ipv6Addr), everything).count(), 1);
    }

    #[test]
    fn ids_are_in_host_byte_order() {
        assert_eq!(key_bytes(KeyType::Uid, 1337.into()), 1337u32.to_ne_bytes());
        assert_eq!(key_number(&1337u32.to_ne_bytes(), KeyType::Uid), 1337.into());
        assert_eq!(key_bytes(KeyType::InetService, 80.into()), [0, 80]);
    }
}
