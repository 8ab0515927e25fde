//! Expressions that decide whether the rule goes on: bitwise before, cmp and lookup.

use netlink_packet_core::DecodeError;
use netlink_packet_netfilter::nftables::{
    Bitwise, Cmp, DataAttribute, Expressions, Lookup, Operator, Register,
};

use super::{expect_number, expect_reg, expect_value};
use crate::netlink::Attributes;
use crate::ruleset::{CmpOp, Expr, Reg};

const NFTA_BITWISE_SREG: u16 = 1;
const NFTA_BITWISE_DREG: u16 = 2;
const NFTA_BITWISE_MASK: u16 = 4;
const NFTA_BITWISE_XOR: u16 = 5;
const NFTA_BITWISE_OP: u16 = 6;
const NFTA_CMP_SREG: u16 = 1;
const NFTA_CMP_OP: u16 = 2;
const NFTA_CMP_DATA: u16 = 3;
const NFTA_LOOKUP_SET: u16 = 1;
const NFTA_LOOKUP_SREG: u16 = 2;
const NFTA_LOOKUP_DREG: u16 = 3;
const NFTA_LOOKUP_FLAGS: u16 = 5;
/// `NFT_LOOKUP_F_INV`.
const INVERTED: u32 = 1;

pub(super) fn encode_bitwise(sreg: Reg, dreg: Reg, mask: &[u8], xor: &[u8]) -> Expressions {
    Expressions::Bitwise(vec![
        Bitwise::SourceRegister(Register::from(sreg.0)),
        Bitwise::DestinationRegister(Register::from(dreg.0)),
        Bitwise::Length(u32::try_from(mask.len()).unwrap_or(u32::MAX)),
        Bitwise::Mask(DataAttribute::Value(mask.to_vec())),
        Bitwise::Xor(DataAttribute::Value(xor.to_vec())),
    ])
}

/// `None` for shifts and for operations on two registers.
pub(super) fn decode_bitwise(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    let operation = data.find(NFTA_BITWISE_OP).map(|op| op.u32_be()).transpose()?;
    if operation.unwrap_or(0) != 0 {
        return Ok(None);
    }
    Ok(Some(Expr::Bitwise {
        sreg: expect_reg(data, NFTA_BITWISE_SREG, "NFTA_BITWISE_SREG")?,
        dreg: expect_reg(data, NFTA_BITWISE_DREG, "NFTA_BITWISE_DREG")?,
        mask: expect_value(data, NFTA_BITWISE_MASK, "NFTA_BITWISE_MASK")?,
        xor: expect_value(data, NFTA_BITWISE_XOR, "NFTA_BITWISE_XOR")?,
    }))
}

pub(super) fn encode_cmp(sreg: Reg, op: CmpOp, data: &[u8]) -> Expressions {
    Expressions::Cmp(vec![
        Cmp::SourceRegister(Register::from(sreg.0)),
        Cmp::Op(wire_op(op)),
        Cmp::Data(DataAttribute::Value(data.to_vec())),
    ])
}

fn wire_op(op: CmpOp) -> Operator {
    match op {
        CmpOp::Eq => Operator::Equal,
        CmpOp::Neq => Operator::NotEqual,
        CmpOp::Lt => Operator::LessThan,
        CmpOp::Lte => Operator::LessThanEqual,
        CmpOp::Gt => Operator::GreaterThan,
        CmpOp::Gte => Operator::GreatherThanEqual,
    }
}

/// `None` for an operation that this release does not know.
pub(super) fn decode_cmp(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    let ops = [CmpOp::Eq, CmpOp::Neq, CmpOp::Lt, CmpOp::Lte, CmpOp::Gt, CmpOp::Gte];
    let number = expect_number(data, NFTA_CMP_OP, "NFTA_CMP_OP")?;
    let Some(op) = ops.into_iter().find(|op| u32::from(wire_op(*op)) == number) else {
        return Ok(None);
    };
    Ok(Some(Expr::Cmp {
        sreg: expect_reg(data, NFTA_CMP_SREG, "NFTA_CMP_SREG")?,
        op,
        data: expect_value(data, NFTA_CMP_DATA, "NFTA_CMP_DATA")?,
    }))
}

pub(super) fn encode_lookup(sreg: Reg, set: &str, inverted: bool) -> Expressions {
    let mut attributes =
        vec![Lookup::Set(set.to_owned()), Lookup::SourceRegister(Register::from(sreg.0))];
    if inverted {
        attributes.push(Lookup::Flags(INVERTED));
    }
    Expressions::Lookup(attributes)
}

/// `None` for a lookup in a map, which fills a register.
pub(super) fn decode_lookup(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    if data.find(NFTA_LOOKUP_DREG).is_some() {
        return Ok(None);
    }
    let flags = data.find(NFTA_LOOKUP_FLAGS).map(|flags| flags.u32_be()).transpose()?;
    Ok(Some(Expr::Lookup {
        sreg: expect_reg(data, NFTA_LOOKUP_SREG, "NFTA_LOOKUP_SREG")?,
        set: data.expect(NFTA_LOOKUP_SET, "NFTA_LOOKUP_SET")?.string().into(),
        inverted: flags.unwrap_or(0) & INVERTED != 0,
    }))
}
