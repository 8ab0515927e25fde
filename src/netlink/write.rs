//! Writing attributes, one inside the other, in one pass.
//!
//! An attribute of netlink-packet-core asks all that is inside it for its length several times on
//! each level: what lies five levels deep is measured a hundred times.

use netlink_packet_core::{Emitable, NLA_F_NESTED, NetlinkSerializable};

/// Bytes of `struct nlattr`, and what attributes are aligned to.
const HEADER_LEN: usize = 4;

/// A message whose body is written already.
#[derive(Debug)]
pub struct Written {
    /// The message type.
    pub kind: u16,
    /// What follows the netlink header.
    pub body: Vec<u8>,
}

impl NetlinkSerializable for Written {
    fn message_type(&self) -> u16 {
        self.kind
    }

    fn buffer_len(&self) -> usize {
        self.body.len()
    }

    fn serialize(&self, place: &mut [u8]) {
        place.copy_from_slice(&self.body);
    }
}

/// Appends a string with its NUL.
pub fn put_string(bytes: &mut Vec<u8>, kind: u16, text: &str) {
    put(bytes, kind, |bytes| {
        bytes.extend(text.as_bytes());
        bytes.push(0);
    });
}

/// Appends an attribute that holds what `fill` appends.
pub fn put_nested(bytes: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    put(bytes, kind | NLA_F_NESTED, fill);
}

/// Appends attributes of netlink-packet-core.
pub fn put_emitable(bytes: &mut Vec<u8>, attributes: &impl Emitable) {
    let start = bytes.len();
    bytes.resize(start + attributes.buffer_len(), 0);
    if let Some(place) = bytes.get_mut(start..) {
        attributes.emit(place);
    }
}

fn put(bytes: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend([0; HEADER_LEN]);
    fill(bytes);
    let length = u16::try_from(bytes.len() - start).unwrap_or(u16::MAX);
    debug_assert!(bytes.len() - start <= usize::from(u16::MAX), "an attribute over 64 KiB");
    let [[a, b], [c, d]] = [length.to_ne_bytes(), kind.to_ne_bytes()];
    if let Some(header) = bytes.get_mut(start..start + HEADER_LEN) {
        header.copy_from_slice(&[a, b, c, d]);
    }
    bytes.resize(bytes.len().next_multiple_of(HEADER_LEN), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::Attributes;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        put_nested(&mut bytes, 7, |bytes| put_string(bytes, 3, "lo"));
        assert_eq!(bytes.len(), 12);
        let outer = Attributes::new(&bytes).find(7).unwrap();
        assert_eq!(outer.nested().find(3).unwrap().string(), "lo");
        assert_eq!(bytes[2..4], (7 | NLA_F_NESTED).to_ne_bytes());
    }
}
