//! One message of a dump: a table, a chain or a rule of any family.

use netlink_packet_core::DecodeError;

use super::{Act, ForeignBase, ForeignChain, ForeignRule, TableFamily, TableName};
use crate::netlink::{Attribute, Attributes};
use crate::nft::{NFGENMSG_LEN, SUBSYSTEM, message_type};

const NFTA_TABLE_NAME: u16 = 1;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_HANDLE: u16 = 3;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_IMMEDIATE_DATA: u16 = 2;
const NFTA_DATA_VERDICT: u16 = 2;
const NFTA_VERDICT_CHAIN: u16 = 2;
const NFTA_NAT_TYPE: u16 = 1;
/// `NFT_NAT_DNAT`.
const DNAT: u32 = 1;
const NFTA_TARGET_NAME: u16 = 1;
const NFTA_TARGET_INFO: u16 = 3;

/// What follows `struct nfgenmsg`, if the message is of this type and of a family that counts.
fn attributes(kind: u16, wanted: u16, body: &[u8]) -> Option<(TableFamily, Attributes<'_>)> {
    let family = TableFamily::of_number(*body.first()?)?;
    let attributes = Attributes::new(body.get(NFGENMSG_LEN..)?);
    (kind == SUBSYSTEM << 8 | wanted).then_some((family, attributes))
}

/// Reads a `NFT_MSG_NEWTABLE`; `None` for any other message and for families that do not count.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode_table(kind: u16, body: &[u8]) -> Result<Option<TableName>, DecodeError> {
    let Some((family, table)) = attributes(kind, message_type::NEWTABLE, body) else {
        return Ok(None);
    };
    let name = table.expect(NFTA_TABLE_NAME, "NFTA_TABLE_NAME")?.string();
    Ok(Some(TableName { family, name }))
}

/// Reads a `NFT_MSG_NEWCHAIN`: its table and the chain without rules; `None` for any other message
/// and for families that do not count.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode_chain(
    kind: u16,
    body: &[u8],
) -> Result<Option<(TableName, ForeignChain)>, DecodeError> {
    let Some((family, chain)) = attributes(kind, message_type::NEWCHAIN, body) else {
        return Ok(None);
    };
    let table = chain.expect(NFTA_CHAIN_TABLE, "NFTA_CHAIN_TABLE")?.string();
    let name = chain.expect(NFTA_CHAIN_NAME, "NFTA_CHAIN_NAME")?.string();
    let hook = chain.find(NFTA_CHAIN_HOOK);
    let base = hook.map(|hook| decode_base(chain, hook)).transpose()?;
    let chain = ForeignChain { name, base, rules: Vec::new() };
    Ok(Some((TableName { family, name: table }, chain)))
}

fn decode_base(chain: Attributes<'_>, hook: Attribute<'_>) -> Result<ForeignBase, DecodeError> {
    let number = |kind, name| hook.nested().expect(kind, name)?.u32_be();
    Ok(ForeignBase {
        kind: chain.expect(NFTA_CHAIN_TYPE, "NFTA_CHAIN_TYPE")?.string(),
        hook: number(NFTA_HOOK_HOOKNUM, "NFTA_HOOK_HOOKNUM")?,
        priority: number(NFTA_HOOK_PRIORITY, "NFTA_HOOK_PRIORITY")?.cast_signed(),
    })
}

/// Reads a `NFT_MSG_NEWRULE`: its table, its chain's name and the rule; `None` for any other
/// message and for families that do not count.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode_rule(
    kind: u16,
    body: &[u8],
) -> Result<Option<(TableName, String, ForeignRule)>, DecodeError> {
    let Some((family, rule)) = attributes(kind, message_type::NEWRULE, body) else {
        return Ok(None);
    };
    let table = rule.expect(NFTA_RULE_TABLE, "NFTA_RULE_TABLE")?.string();
    let chain = rule.expect(NFTA_RULE_CHAIN, "NFTA_RULE_CHAIN")?.string();
    let handle = rule.expect(NFTA_RULE_HANDLE, "NFTA_RULE_HANDLE")?.u64_be()?;
    let mut acts = Vec::new();
    if let Some(list) = rule.find(NFTA_RULE_EXPRESSIONS) {
        for element in list.nested() {
            acts.extend(decode_act(element?.nested())?);
        }
    }
    Ok(Some((TableName { family, name: table }, chain, ForeignRule { handle, acts })))
}

/// What an expression does; `None` if it matches, counts or ends.
fn decode_act(expression: Attributes<'_>) -> Result<Option<Act>, DecodeError> {
    let name = expression.expect(NFTA_EXPR_NAME, "NFTA_EXPR_NAME")?.string();
    let bytes = expression.find(NFTA_EXPR_DATA).map(|data| data.bytes()).unwrap_or_default();
    let data = Attributes::new(bytes);
    Ok(match name.as_str() {
        "immediate" => jump(data),
        "redir" => Some(Act::Redirect),
        "tproxy" => Some(Act::Tproxy),
        "notrack" => Some(Act::Notrack),
        "nat" => {
            let kind = data.expect(NFTA_NAT_TYPE, "NFTA_NAT_TYPE")?.u32_be()?;
            (kind == DNAT).then_some(Act::Dnat)
        }
        "target" => Some(Act::Compat {
            name: data.expect(NFTA_TARGET_NAME, "NFTA_TARGET_NAME")?.string(),
            info: data.find(NFTA_TARGET_INFO).map(|i| i.bytes().to_vec()).unwrap_or_default(),
        }),
        _ => None,
    })
}

/// A verdict that names a chain leads to it.
fn jump(immediate: Attributes<'_>) -> Option<Act> {
    let verdict = immediate.find(NFTA_IMMEDIATE_DATA)?.nested().find(NFTA_DATA_VERDICT)?;
    Some(Act::Jump(verdict.nested().find(NFTA_VERDICT_CHAIN)?.string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::{put_nested, put_string};

    const NEWRULE: u16 = SUBSYSTEM << 8 | message_type::NEWRULE;

    /// A rule of `ip nat OUTPUT`: a match, a jump, and REDIRECT as nft_compat has it.
    fn rule() -> Vec<u8> {
        let mut body = vec![2, 0, 0, 0];
        put_string(&mut body, NFTA_RULE_TABLE, "nat");
        put_string(&mut body, NFTA_RULE_CHAIN, "OUTPUT");
        body.extend([12, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
        put_nested(&mut body, NFTA_RULE_EXPRESSIONS, |list| {
            put_nested(list, 1, |one| put_string(one, NFTA_EXPR_NAME, "meta"));
            put_nested(list, 1, |one| {
                put_string(one, NFTA_EXPR_NAME, "immediate");
                put_nested(one, NFTA_EXPR_DATA, |data| {
                    put_nested(data, NFTA_IMMEDIATE_DATA, |value| {
                        put_nested(value, NFTA_DATA_VERDICT, |verdict| {
                            put_string(verdict, NFTA_VERDICT_CHAIN, "ISTIO_OUTPUT");
                        });
                    });
                });
            });
            put_nested(list, 1, |one| {
                put_string(one, NFTA_EXPR_NAME, "target");
                put_nested(one, NFTA_EXPR_DATA, |data| {
                    put_string(data, NFTA_TARGET_NAME, "REDIRECT");
                });
            });
        });
        body
    }

    #[test]
    fn a_rule_is_what_it_does() {
        let (table, chain, rule) = decode_rule(NEWRULE, &rule()).unwrap().unwrap();
        assert_eq!((table.to_string().as_str(), chain.as_str()), ("ip nat", "OUTPUT"));
        assert_eq!(rule.handle, 9);
        let redirect = Act::Compat { name: "REDIRECT".to_owned(), info: Vec::new() };
        assert_eq!(rule.acts, [Act::Jump("ISTIO_OUTPUT".to_owned()), redirect]);
    }

    #[test]
    fn what_is_cut_off_or_of_another_family_does_no_harm() {
        let whole = rule();
        for end in 0..whole.len() {
            let _ = decode_rule(NEWRULE, &whole[..end]);
        }
        let mut bridge = whole;
        bridge[0] = 7;
        assert_eq!(decode_rule(NEWRULE, &bridge).unwrap(), None);
    }
}
