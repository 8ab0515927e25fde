//! Sets, without their elements.

use netlink_packet_core::DecodeError;
use netlink_packet_netfilter::nftables::{
    NfTablesMessage, SetAttribute, SetDescription, SetFlags as WireFlags, SetMessage,
};

use super::userdata::encode_native_keys;
use super::{inet_attributes, message_type};
use crate::ruleset::{KeyType, Set, SetFlags};

const NFTA_SET_TABLE: u16 = 1;
const NFTA_SET_NAME: u16 = 2;
const NFTA_SET_FLAGS: u16 = 3;
const NFTA_SET_KEY_TYPE: u16 = 4;
const NFTA_SET_KEY_LEN: u16 = 5;

/// Creates a set; `id` names it for the messages of the same batch.
pub(super) fn encode_new(table: &str, set: &Set, id: u32) -> NfTablesMessage {
    let mut attributes = named(table, &set.name);
    attributes.extend([
        SetAttribute::Flags(WireFlags::from_bits_retain(set.flags.0)),
        SetAttribute::KeyType(set.key.number()),
        SetAttribute::KeyLen(set.key.bytes()),
        SetAttribute::Id(id),
    ]);
    if let Some(size) = set.size() {
        attributes.push(SetAttribute::Description(vec![SetDescription::Size(size)]));
    }
    if set.key.is_native() {
        attributes.push(SetAttribute::UserData(encode_native_keys()));
    }
    NfTablesMessage::NewSet(SetMessage { attributes })
}

pub(super) fn encode_delete(table: &str, name: &str) -> NfTablesMessage {
    NfTablesMessage::DeleteSet(SetMessage { attributes: named(table, name) })
}

pub(super) fn encode_list(table: &str) -> NfTablesMessage {
    NfTablesMessage::GetSet(SetMessage { attributes: vec![SetAttribute::Table(table.to_owned())] })
}

fn named(table: &str, name: &str) -> Vec<SetAttribute> {
    vec![SetAttribute::Table(table.to_owned()), SetAttribute::Name(name.to_owned())]
}

/// Reads a `NFT_MSG_NEWSET` of family `inet`: the table's name and the set, without elements;
/// `None` for any other message.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode(kind: u16, body: &[u8]) -> Result<Option<(String, Set)>, DecodeError> {
    let Some(attributes) = inet_attributes(kind, message_type::NEWSET, body) else {
        return Ok(None);
    };
    let table = attributes.expect(NFTA_SET_TABLE, "NFTA_SET_TABLE")?.string();
    let name = attributes.expect(NFTA_SET_NAME, "NFTA_SET_NAME")?.string();
    let number = attributes.expect(NFTA_SET_KEY_TYPE, "NFTA_SET_KEY_TYPE")?.u32_be()?;
    let len = attributes.expect(NFTA_SET_KEY_LEN, "NFTA_SET_KEY_LEN")?.u32_be()?;
    let flags = attributes.find(NFTA_SET_FLAGS).map(|flags| flags.u32_be()).transpose()?;
    let set = Set {
        name: name.into(),
        key: KeyType::from_wire(number, len),
        flags: SetFlags(flags.unwrap_or(0)),
        elements: Vec::new(),
    };
    Ok(Some((table, set)))
}
