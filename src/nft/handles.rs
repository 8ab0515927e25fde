//! All rules of a namespace with the handles by which events call them.

use std::collections::BTreeMap;

use netlink_packet_core::{DecodeError, NLM_F_DUMP};

use super::error::NftError;
use super::rule::{NFTA_RULE_CHAIN, NFTA_RULE_HANDLE, NFTA_RULE_TABLE, decode_exprs};
use super::{NFGENMSG_LEN, SUBSYSTEM, message_type};
use crate::follow::{KnownRule, table_text};
use crate::netlink::{Attributes, Connection, Family, NetlinkError, Written};
use crate::ruleset::Rule;

/// Reads the rules of all tables of all families. Others may change them meanwhile: a rule that is
/// missed is one that was not there before or is not there after.
///
/// # Errors
/// The kernel refused.
pub fn read_rules(connection: &mut Connection) -> Result<Vec<KnownRule>, NftError> {
    let mut rules: Vec<KnownRule> = Vec::new();
    let mut numbers: BTreeMap<(String, String), usize> = BTreeMap::new();
    let malformed = |source| NetlinkError::Malformed { family: Family::Netfilter, source };
    let request = Written { kind: SUBSYSTEM << 8 | message_type::GETRULE, body: vec![0; 4] };
    let read = connection.request(NLM_F_DUMP, request, &mut |kind, body| {
        if let Some(mut rule) = decode(kind, body).map_err(malformed)? {
            let number = numbers.entry((rule.table.clone(), rule.chain.clone())).or_default();
            *number += 1;
            rule.number = *number;
            rules.push(rule);
        }
        Ok(())
    });
    match read {
        Ok(()) | Err(NetlinkError::Interrupted { .. }) => Ok(rules),
        Err(error) => Err(error.into()),
    }
}

/// Reads a `NFT_MSG_NEWRULE` of any family, without its number; `None` for any other message.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode(kind: u16, body: &[u8]) -> Result<Option<KnownRule>, DecodeError> {
    if kind != SUBSYSTEM << 8 | message_type::NEWRULE {
        return Ok(None);
    }
    let family = body.first().copied().unwrap_or_default();
    let rule = Attributes::new(body.get(NFGENMSG_LEN..).unwrap_or_default());
    let table = rule.expect(NFTA_RULE_TABLE, "NFTA_RULE_TABLE")?.string();
    Ok(Some(KnownRule {
        table: table_text(family, &table),
        chain: rule.expect(NFTA_RULE_CHAIN, "NFTA_RULE_CHAIN")?.string(),
        handle: rule.expect(NFTA_RULE_HANDLE, "NFTA_RULE_HANDLE")?.u64_be()?,
        number: 0,
        rule: Rule { exprs: decode_exprs(rule)?, setting: "" },
    }))
}
