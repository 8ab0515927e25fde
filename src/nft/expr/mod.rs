//! Expressions: the kernel's name of one, and its attributes.
//!
//! They are written with the types of netlink-packet-netfilter and read by walking through the
//! attributes: release 0.4.0 of that crate formats the bytes that are left for an error message
//! at every attribute it reads, error or not, which makes reading quadratic.

mod act;
mod compare;
mod load;

use netlink_packet_core::{DecodeError, DefaultNla};
use netlink_packet_netfilter::nftables::Expressions;

use crate::netlink::{Attributes, put_emitable, put_nested, put_string};
use crate::ruleset::{Expr, Reg};

pub(super) use act::decode_code as decode_verdict;

const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_DATA_VALUE: u16 = 1;

/// Appends the attributes of one list element: name and data.
pub(super) fn put(element: &mut Vec<u8>, expr: &Expr) {
    if let Expr::Other { name, attributes } = expr {
        put_string(element, NFTA_EXPR_NAME, name);
        return put_nested(element, NFTA_EXPR_DATA, |data| data.extend(attributes));
    }
    let wire = encode(expr);
    put_string(element, NFTA_EXPR_NAME, name(&wire));
    put_nested(element, NFTA_EXPR_DATA, |data| put_emitable(data, &wire));
}

/// The kernel's name of an expression.
fn name(wire: &Expressions) -> &str {
    match wire {
        Expressions::Bitwise(_) => "bitwise",
        Expressions::Cmp(_) => "cmp",
        Expressions::Immediate(_) => "immediate",
        Expressions::Lookup(_) => "lookup",
        Expressions::Meta(_) => "meta",
        Expressions::Payload(_) => "payload",
        Expressions::Other { expression_type, .. } => expression_type,
        Expressions::Unknown(_) | _ => "",
    }
}

pub(super) fn encode(expr: &Expr) -> Expressions {
    match expr {
        Expr::Meta { key, dreg } => load::encode_meta(*key, *dreg),
        Expr::Payload { base, offset, len, dreg } => {
            load::encode_payload(*base, *offset, *len, *dreg)
        }
        Expr::MetaSet { key, sreg } => load::encode_meta_set(*key, *sreg),
        Expr::Ct { key, dreg } => load::encode_ct(*key, *dreg),
        Expr::CtSet { key, sreg } => load::encode_ct_set(*key, *sreg),
        Expr::SocketTransparent { dreg } => load::encode_socket_transparent(*dreg),
        Expr::SocketCgroup { level, dreg } => load::encode_socket_cgroup(*level, *dreg),
        Expr::Immediate { dreg, data } => load::encode_immediate(*dreg, data),
        Expr::Bitwise { sreg, dreg, mask, xor } => compare::encode_bitwise(*sreg, *dreg, mask, xor),
        Expr::Cmp { sreg, op, data } => compare::encode_cmp(*sreg, *op, data),
        Expr::Lookup { sreg, set, inverted } => compare::encode_lookup(*sreg, set, *inverted),
        Expr::Verdict(verdict) => act::encode_verdict(verdict),
        Expr::Counter(_) => other("counter", Vec::new()),
        Expr::Redirect { port_min, port_max, flags } => {
            act::encode_redirect(*port_min, *port_max, *flags)
        }
        Expr::Tproxy { family, port } => act::encode_tproxy(*family, *port),
        Expr::Notrack => other("notrack", Vec::new()),
        Expr::Reject { kind, code } => act::encode_reject(*kind, *code),
        Expr::Other { name, attributes } => other(name, raw(attributes)),
    }
}

/// Reads the attributes of one list element: name and data.
pub(super) fn decode(element: Attributes<'_>) -> Result<Expr, DecodeError> {
    let name = element.expect(NFTA_EXPR_NAME, "NFTA_EXPR_NAME")?.string();
    let bytes = element.find(NFTA_EXPR_DATA).map(|data| data.bytes()).unwrap_or_default();
    let data = Attributes::new(bytes);
    let known = match name.as_str() {
        "meta" => load::decode_meta(data)?,
        "payload" => load::decode_payload(data)?,
        "ct" => load::decode_ct(data)?,
        "immediate" => load::decode_immediate(data)?,
        "bitwise" => compare::decode_bitwise(data)?,
        "cmp" => compare::decode_cmp(data)?,
        "lookup" => compare::decode_lookup(data)?,
        "counter" => Some(act::decode_counter(data)?),
        "socket" => load::decode_socket(data)?,
        "tproxy" => act::decode_tproxy(data)?,
        "notrack" => Some(Expr::Notrack),
        "redir" => act::decode_redirect(data)?,
        "reject" => act::decode_reject(data)?,
        _ => None,
    };
    Ok(known.unwrap_or_else(|| Expr::Other { name, attributes: bytes.to_vec() }))
}

fn other(name: &str, attributes: Vec<DefaultNla>) -> Expressions {
    Expressions::Other { expression_type: name.to_owned(), attributes }
}

/// An expression that was read and is not known, as it was.
fn raw(attributes: &[u8]) -> Vec<DefaultNla> {
    Attributes::new(attributes)
        .map_while(Result::ok)
        .map(|attribute| DefaultNla::new(attribute.kind(), attribute.bytes().to_vec()))
        .collect()
}

fn number(kind: u16, value: u32) -> DefaultNla {
    DefaultNla::new(kind, value.to_be_bytes().to_vec())
}

/// A 4-byte attribute of an expression; the kernel leaves none of these out.
fn expect_number(data: Attributes<'_>, kind: u16, name: &str) -> Result<u32, DecodeError> {
    data.expect(kind, name)?.u32_be()
}

fn expect_reg(data: Attributes<'_>, kind: u16, name: &str) -> Result<Reg, DecodeError> {
    expect_number(data, kind, name).map(Reg)
}

/// The bytes of an `NFTA_DATA_VALUE` inside the attribute.
fn expect_value(data: Attributes<'_>, kind: u16, name: &str) -> Result<Vec<u8>, DecodeError> {
    let value = data.expect(kind, name)?.nested().expect(NFTA_DATA_VALUE, "NFTA_DATA_VALUE")?;
    Ok(value.bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_written_as_it_was_read() {
        // An attribute with the flag that it holds others, which holds one; both are padded.
        let attributes = vec![9, 0, 3, 128, 5, 0, 1, 0, 57, 0, 0, 0];
        for name in ["limit", "meta"] {
            let expr = Expr::Other { name: name.to_owned(), attributes: attributes.clone() };
            let mut element = Vec::new();
            put(&mut element, &expr);
            assert_eq!(decode(Attributes::new(&element)).unwrap(), expr);
        }
    }
}
