//! Rules.

use netlink_packet_core::DecodeError;
use netlink_packet_netfilter::nftables::{NfTablesMessage, RuleAttribute, RuleMessage};

use super::{INET, SUBSYSTEM, expr, inet_attributes, message_type};
use crate::netlink::{Attributes, Written, put_nested, put_string};
use crate::ruleset::{Expr, Rule};

pub(super) const NFTA_RULE_TABLE: u16 = 1;
pub(super) const NFTA_RULE_CHAIN: u16 = 2;
pub(super) const NFTA_RULE_HANDLE: u16 = 3;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_LIST_ELEM: u16 = 1;

pub(super) fn encode_new(table: &str, chain: &str, rule: &Rule) -> Written {
    // `struct nfgenmsg`: family, version, and a resource id that is not used.
    let mut body = vec![INET, 0, 0, 0];
    put_string(&mut body, NFTA_RULE_TABLE, table);
    put_string(&mut body, NFTA_RULE_CHAIN, chain);
    put_nested(&mut body, NFTA_RULE_EXPRESSIONS, |list| {
        for expr in &rule.exprs {
            put_nested(list, NFTA_LIST_ELEM, |element| expr::put(element, expr));
        }
    });
    Written { kind: SUBSYSTEM << 8 | message_type::NEWRULE, body }
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
    Ok(Some((chain, Rule { exprs: decode_exprs(attributes)?, setting: "" })))
}

/// The expressions among the attributes of a rule.
pub(super) fn decode_exprs(attributes: Attributes<'_>) -> Result<Vec<Expr>, DecodeError> {
    let mut exprs = Vec::with_capacity(8);
    if let Some(list) = attributes.find(NFTA_RULE_EXPRESSIONS) {
        for element in list.nested() {
            exprs.push(expr::decode(element?.nested())?);
        }
    }
    Ok(exprs)
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::NetlinkSerializable;

    use super::*;
    use crate::nft::nft_message;
    use crate::plan::{HostFacts, plan};
    use crate::policy::CapturePolicy;

    #[test]
    fn the_bytes_are_those_of_netlink_packet_netfilter() {
        let plan = plan(&CapturePolicy::default(), &HostFacts::default()).unwrap();
        for chain in &plan.ruleset.chains {
            for rule in &chain.rules {
                let mut attributes = named("t", &chain.name);
                let exprs = rule.exprs.iter().map(|expr| expr::encode(expr).into()).collect();
                attributes.push(RuleAttribute::Expressions(exprs));
                let theirs = nft_message(NfTablesMessage::NewRule(RuleMessage { attributes }));
                let mut bytes = vec![0; theirs.buffer_len()];
                theirs.serialize(&mut bytes);
                let ours = encode_new("t", &chain.name, rule);
                assert_eq!((ours.kind, ours.body), (theirs.message_type(), bytes));
            }
        }
    }
}
