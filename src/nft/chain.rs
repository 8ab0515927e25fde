//! Chains, without their rules.

use netlink_packet_core::DecodeError;
use netlink_packet_netfilter::nftables::{
    ChainAttribute, ChainMessage, Hook as WireHook, HookNumber, InetHookNumber, NfTablesMessage,
};

use super::{inet_attributes, message_type, userdata};
use crate::netlink::{Attribute, Attributes};
use crate::ruleset::{BaseChain, Chain, ChainType, Hook, Policy};

const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_CHAIN_USERDATA: u16 = 12;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NF_DROP: u32 = 0;
const NF_ACCEPT: u32 = 1;

pub(super) fn encode_new(table: &str, chain: &Chain) -> NfTablesMessage {
    let mut attributes = named(table, &chain.name);
    if let Some(base) = &chain.base {
        attributes.extend(encode_base(base));
    }
    let comment = chain.comment.as_deref();
    attributes.extend(comment.map(|c| ChainAttribute::UserData(userdata::encode_comment(c))));
    NfTablesMessage::NewChain(ChainMessage { attributes })
}

pub(super) fn encode_delete(table: &str, name: &str) -> NfTablesMessage {
    NfTablesMessage::DeleteChain(ChainMessage { attributes: named(table, name) })
}

pub(super) fn encode_list() -> NfTablesMessage {
    NfTablesMessage::GetChain(ChainMessage { attributes: Vec::new() })
}

fn named(table: &str, name: &str) -> Vec<ChainAttribute> {
    vec![ChainAttribute::Table(table.to_owned()), ChainAttribute::Name(name.to_owned())]
}

fn encode_base(base: &BaseChain) -> Vec<ChainAttribute> {
    let number = match base.hook() {
        Hook::Prerouting => InetHookNumber::PreRouting,
        Hook::Input => InetHookNumber::LocalIn,
        Hook::Forward => InetHookNumber::Forward,
        Hook::Output => InetHookNumber::LocalOut,
        Hook::Postrouting => InetHookNumber::PostRouting,
        Hook::Other(number) => InetHookNumber::Other(number),
    };
    let kind = match base.kind() {
        ChainType::Filter => "filter",
        ChainType::Nat => "nat",
        ChainType::Route => "route",
        ChainType::Other(name) => name,
    };
    let policy = match base.policy() {
        Policy::Accept => NF_ACCEPT,
        Policy::Drop => NF_DROP,
    };
    vec![
        ChainAttribute::Hook(vec![
            WireHook::Number(HookNumber::Inet(number)),
            WireHook::Priority(base.priority().cast_unsigned()),
        ]),
        ChainAttribute::Type(kind.to_owned()),
        ChainAttribute::Policy(policy),
    ]
}

/// Reads a `NFT_MSG_NEWCHAIN` of family `inet`: the table's name and the chain, without rules;
/// `None` for any other message.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode(kind: u16, body: &[u8]) -> Result<Option<(String, Chain)>, DecodeError> {
    let Some(attributes) = inet_attributes(kind, message_type::NEWCHAIN, body) else {
        return Ok(None);
    };
    let table = attributes.expect(NFTA_CHAIN_TABLE, "NFTA_CHAIN_TABLE")?.string();
    let name = attributes.expect(NFTA_CHAIN_NAME, "NFTA_CHAIN_NAME")?.string();
    let hook = attributes.find(NFTA_CHAIN_HOOK);
    let base = hook.map(|hook| decode_base(attributes, hook)).transpose()?;
    let comment = attributes
        .find(NFTA_CHAIN_USERDATA)
        .and_then(|data| userdata::decode_comment(data.bytes()));
    Ok(Some((table, Chain { name: name.into(), base, comment, rules: Vec::new() })))
}

fn decode_base(chain: Attributes<'_>, hook: Attribute<'_>) -> Result<BaseChain, DecodeError> {
    let number = hook.nested().expect(NFTA_HOOK_HOOKNUM, "NFTA_HOOK_HOOKNUM")?.u32_be()?;
    let priority = hook.nested().expect(NFTA_HOOK_PRIORITY, "NFTA_HOOK_PRIORITY")?.u32_be()?;
    let kind = chain.expect(NFTA_CHAIN_TYPE, "NFTA_CHAIN_TYPE")?.string();
    let policy = chain.find(NFTA_CHAIN_POLICY).map(|policy| policy.u32_be()).transpose()?;
    let hook = match number {
        0 => Hook::Prerouting,
        1 => Hook::Input,
        2 => Hook::Forward,
        3 => Hook::Output,
        4 => Hook::Postrouting,
        other => Hook::Other(other),
    };
    let kind = match kind.as_str() {
        "filter" => ChainType::Filter,
        "nat" => ChainType::Nat,
        "route" => ChainType::Route,
        _ => ChainType::Other(kind),
    };
    let policy = if policy == Some(NF_DROP) { Policy::Drop } else { Policy::Accept };
    BaseChain::new(kind, hook, priority.cast_signed(), policy)
        .map_err(|illegal| DecodeError::from(illegal.to_string()))
}
