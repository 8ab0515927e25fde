//! The wire of nf_tables: encode and decode each object, commit a batch, read a table back.

mod batch;
mod chain;
mod conntrack;
mod element;
mod error;
mod expr;
mod foreign;
mod handles;
mod read;
mod rule;
mod set;
mod table;
mod trace;
mod transaction;
mod userdata;

pub use batch::{Batch, Label, SealedBatch};
pub use conntrack::{RedirectedTo, count_redirected};
pub use error::{Failure, NftError};
pub use foreign::{
    Act, Foreign, ForeignBase, ForeignChain, ForeignRule, ForeignTable, TableFamily, TableName,
    read_foreign,
};
pub use handles::read_rules;
pub use read::{Found, generation, read_table};
pub use trace::{TRACE_GROUP, decode as decode_event};
pub use transaction::commit;

/// Decoding of what the kernel sent, for tests and fuzzing: one message body by its type.
pub mod decode {
    pub use super::chain::decode as chain;
    pub use super::element::{decode as elements, intervals};
    pub use super::foreign::{
        decode_chain as foreign_chain, decode_rule as foreign_rule, decode_table as foreign_table,
    };
    pub use super::handles::decode as known_rule;
    pub use super::rule::decode as rule;
    pub use super::set::decode as set;
    pub use super::table::decode as table;
    pub use super::trace::decode as event;
}

/// `NFNL_SUBSYS_NFTABLES`.
const SUBSYSTEM: u16 = 10;
/// `NFPROTO_INET`, the family of our table.
const INET: u8 = 1;
/// Bytes of `struct nfgenmsg`.
const NFGENMSG_LEN: usize = 4;

/// Message numbers of nf_tables (`enum nf_tables_msg_types`).
mod message_type {
    pub(super) const NEWTABLE: u16 = 0;
    pub(super) const GETTABLE: u16 = 1;
    pub(super) const DELTABLE: u16 = 2;
    pub(super) const NEWCHAIN: u16 = 3;
    pub(super) const GETCHAIN: u16 = 4;
    pub(super) const DELCHAIN: u16 = 5;
    pub(super) const NEWRULE: u16 = 6;
    pub(super) const GETRULE: u16 = 7;
    pub(super) const DELRULE: u16 = 8;
    pub(super) const NEWSET: u16 = 9;
    pub(super) const NEWSETELEM: u16 = 12;
    pub(super) const NEWGEN: u16 = 15;
    pub(super) const TRACE: u16 = 17;
}

/// What follows `struct nfgenmsg`, if the message is of this type and of family `inet`.
fn inet_attributes(kind: u16, wanted: u16, body: &[u8]) -> Option<crate::netlink::Attributes<'_>> {
    let (family, attributes) = (body.first()?, body.get(NFGENMSG_LEN..)?);
    let is_wanted = kind == SUBSYSTEM << 8 | wanted && *family == INET;
    is_wanted.then(|| crate::netlink::Attributes::new(attributes))
}

fn nft_message(
    message: netlink_packet_netfilter::nftables::NfTablesMessage,
) -> netlink_packet_netfilter::NetfilterMessage {
    use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterProtoFamily};
    NetfilterMessage::new(NetfilterHeader::new(NetfilterProtoFamily::Inet, 0, 0), message)
}
