//! Rules.

use netlink_packet_core::DecodeError;
use netlink_packet_netfilter::nftables::{NfTablesMessage, RuleAttribute, RuleMessage};

use super::{expr, inet_attributes, message_type};
use crate::ruleset::Rule;

const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;

pub(super) fn encode_new(table: &str, chain: &str, rule: &Rule) -> NfTablesMessage {
    let mut attributes = named(table, chain);
    attributes.push(RuleAttribute::Expressions(
        rule.exprs.iter().map(|e| expr::encode(e).into()).collect(),
    ));
    NfTablesMessage::NewRule(RuleMessage { attributes })
}

/// Deletes every rule of the chain.
pub(super) fn encode_flush(table: &str, chain: &str) -> NfTablesMessage {
    NfTablesMessage::DeleteRule(RuleMessage { attributes: named(table, chain) })
}

pub(super) fn encode_list(table: &str) -> NfTablesMessage {
    NfTablesMessage::GetRule(RuleMessage {
        attributes: vec![RuleAttribute::Table(table.to_owned())],
    })
}

fn named(table: &str, chain: &str) -> Vec<RuleAttribute> {
    vec![RuleAttribute::Table(table.to_owned()), RuleAttribute::Chain(chain.to_owned())]
}

/// Reads a `NFT_MSG_NEWRULE` of family `inet`: the chain's name and the rule; `None` for any
/// other message.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode(kind: u16, body: &[u8]) -> Result<Option<(String, Rule)>, DecodeError> {
    let Some(attributes) = inet_attributes(kind, message_type::NEWRULE, body) else {
        return Ok(None);
    };
    let chain = attributes.expect(NFTA_RULE_CHAIN, "NFTA_RULE_CHAIN")?.string();
    let mut exprs = Vec::with_capacity(8);
    if let Some(list) = attributes.find(NFTA_RULE_EXPRESSIONS) {
        for element in list.nested() {
            exprs.push(expr::decode(element?.nested())?);
        }
    }
    Ok(Some((chain, Rule { exprs, setting: "" })))
}
