//! Tables.

use netlink_packet_core::DecodeError;
use netlink_packet_netfilter::nftables::{
    NfTablesMessage, TableAttribute, TableFlags, TableMessage,
};

use super::{inet_attributes, message_type, userdata};
use crate::netlink::Attributes;
use crate::ruleset::Ruleset;

const NFTA_TABLE_NAME: u16 = 1;
const NFTA_TABLE_FLAGS: u16 = 2;
const NFTA_TABLE_USERDATA: u16 = 6;

/// What a table says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableHead {
    /// Its name.
    pub name: String,
    /// Its flags.
    pub flags: u32,
    /// Its comment.
    pub comment: Option<String>,
}

pub(super) fn encode_new(ruleset: &Ruleset) -> NfTablesMessage {
    let mut attributes = vec![
        TableAttribute::Name(ruleset.table.to_string()),
        TableAttribute::Flags(TableFlags::from_bits_retain(ruleset.flags)),
    ];
    let comment = ruleset.comment.as_deref();
    attributes.extend(comment.map(|c| TableAttribute::UserData(userdata::encode_comment(c))));
    NfTablesMessage::NewTable(TableMessage { attributes })
}

pub(super) fn encode_delete(name: &str) -> NfTablesMessage {
    NfTablesMessage::DeleteTable(TableMessage {
        attributes: vec![TableAttribute::Name(name.to_owned())],
    })
}

pub(super) fn encode_get(name: &str) -> NfTablesMessage {
    NfTablesMessage::GetTable(TableMessage {
        attributes: vec![TableAttribute::Name(name.to_owned())],
    })
}

/// Reads a `NFT_MSG_NEWTABLE` of family `inet`; `None` for any other message.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode(kind: u16, body: &[u8]) -> Result<Option<TableHead>, DecodeError> {
    let Some(attributes) = inet_attributes(kind, message_type::NEWTABLE, body) else {
        return Ok(None);
    };
    let mut head = TableHead { name: name(attributes)?, flags: 0, comment: None };
    for attribute in attributes {
        let attribute = attribute?;
        match attribute.kind() {
            NFTA_TABLE_FLAGS => head.flags = attribute.u32_be()?,
            NFTA_TABLE_USERDATA => head.comment = userdata::decode_comment(attribute.bytes()),
            _ => {}
        }
    }
    Ok(Some(head))
}

fn name(attributes: Attributes<'_>) -> Result<String, DecodeError> {
    Ok(attributes.expect(NFTA_TABLE_NAME, "NFTA_TABLE_NAME")?.string())
}
