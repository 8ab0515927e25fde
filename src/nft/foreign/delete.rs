//! Messages that delete what others made.

use super::TableName;
use crate::netlink::{Written, put_string};
use crate::nft::{SUBSYSTEM, message_type};

const NFTA_TABLE_NAME: u16 = 1;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_HANDLE: u16 = 3;

/// Deletes a table with all that it holds.
pub(in crate::nft) fn table(table: &TableName) -> Written {
    let mut body = head(table);
    put_string(&mut body, NFTA_TABLE_NAME, &table.name);
    Written { kind: SUBSYSTEM << 8 | message_type::DELTABLE, body }
}

/// Deletes a chain, which must be empty and not referred to.
pub(in crate::nft) fn chain(table: &TableName, chain: &str) -> Written {
    let mut body = head(table);
    put_string(&mut body, NFTA_CHAIN_TABLE, &table.name);
    put_string(&mut body, NFTA_CHAIN_NAME, chain);
    Written { kind: SUBSYSTEM << 8 | message_type::DELCHAIN, body }
}

/// Deletes every rule of a chain.
pub(in crate::nft) fn flush(table: &TableName, chain: &str) -> Written {
    let mut body = head(table);
    put_string(&mut body, NFTA_RULE_TABLE, &table.name);
    put_string(&mut body, NFTA_RULE_CHAIN, chain);
    Written { kind: SUBSYSTEM << 8 | message_type::DELRULE, body }
}

/// Deletes one rule.
pub(in crate::nft) fn rule(table: &TableName, chain: &str, handle: u64) -> Written {
    let mut message = flush(table, chain);
    // An attribute of 8 bytes and its header, aligned as it is.
    message.body.extend(12_u16.to_ne_bytes());
    message.body.extend(NFTA_RULE_HANDLE.to_ne_bytes());
    message.body.extend(handle.to_be_bytes());
    message
}

/// `struct nfgenmsg`: family, version, and a resource id that is not used.
fn head(table: &TableName) -> Vec<u8> {
    vec![table.family.number(), 0, 0, 0]
}
