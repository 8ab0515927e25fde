//! Expressions that fill a register: meta, payload, ct, immediate.

use netlink_packet_core::{DecodeError, DefaultNla};
use netlink_packet_netfilter::nftables::{
    DataAttribute, Expressions, Immediate, Meta, MetaKey as WireKey, Payload, Register,
};

use super::{act, expect_number, expect_reg, expect_value, number, other};
use crate::netlink::Attributes;
use crate::ruleset::{CtKey, Expr, MetaKey, PayloadBase, Reg};

const NFTA_META_DREG: u16 = 1;
const NFTA_META_KEY: u16 = 2;
const NFTA_PAYLOAD_DREG: u16 = 1;
const NFTA_PAYLOAD_BASE: u16 = 2;
const NFTA_PAYLOAD_OFFSET: u16 = 3;
const NFTA_PAYLOAD_LEN: u16 = 4;
const NFT_PAYLOAD_NETWORK_HEADER: u32 = 1;
const NFT_PAYLOAD_TRANSPORT_HEADER: u32 = 2;
const NFTA_CT_DREG: u16 = 1;
const NFTA_CT_KEY: u16 = 2;
const NFTA_CT_DIRECTION: u16 = 3;
const NFT_CT_STATE: u32 = 0;
const NFTA_IMMEDIATE_DREG: u16 = 1;
const NFTA_IMMEDIATE_DATA: u16 = 2;

pub(super) fn encode_meta(key: MetaKey, dreg: Reg) -> Expressions {
    Expressions::Meta(vec![
        Meta::DestinationRegister(Register::from(dreg.0)),
        Meta::Key(wire_key(key)),
    ])
}

fn wire_key(key: MetaKey) -> WireKey {
    match key {
        MetaKey::Iif => WireKey::Iif,
        MetaKey::Oif => WireKey::Oif,
        MetaKey::IifName => WireKey::Iifname,
        MetaKey::OifName => WireKey::Oifname,
        MetaKey::SkUid => WireKey::SocketUserId,
        MetaKey::SkGid => WireKey::SocketGroupId,
        MetaKey::NfProto => WireKey::Nfproto,
        MetaKey::L4Proto => WireKey::L4Proto,
        MetaKey::Other(number) => WireKey::Other(number),
    }
}

/// `None` for `meta set`, which has no destination register.
pub(super) fn decode_meta(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    if data.find(NFTA_META_DREG).is_none() {
        return Ok(None);
    }
    let known = [
        MetaKey::Iif,
        MetaKey::Oif,
        MetaKey::IifName,
        MetaKey::OifName,
        MetaKey::SkUid,
        MetaKey::SkGid,
        MetaKey::NfProto,
        MetaKey::L4Proto,
    ];
    let number = expect_number(data, NFTA_META_KEY, "NFTA_META_KEY")?;
    let key = known
        .into_iter()
        .find(|key| u32::from(wire_key(*key)) == number)
        .unwrap_or(MetaKey::Other(number));
    Ok(Some(Expr::Meta { key, dreg: expect_reg(data, NFTA_META_DREG, "NFTA_META_DREG")? }))
}

pub(super) fn encode_payload(base: PayloadBase, offset: u32, len: u32, dreg: Reg) -> Expressions {
    let base = match base {
        PayloadBase::Network => NFT_PAYLOAD_NETWORK_HEADER,
        PayloadBase::Transport => NFT_PAYLOAD_TRANSPORT_HEADER,
        PayloadBase::Other(number) => number,
    };
    Expressions::Payload(vec![
        Payload::DestinationRegister(Register::from(dreg.0)),
        Payload::Base(base),
        Payload::Offset(offset),
        Payload::Len(len),
    ])
}

/// `None` for a payload that is written, which has no destination register.
pub(super) fn decode_payload(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    if data.find(NFTA_PAYLOAD_DREG).is_none() {
        return Ok(None);
    }
    let base = match expect_number(data, NFTA_PAYLOAD_BASE, "NFTA_PAYLOAD_BASE")? {
        NFT_PAYLOAD_NETWORK_HEADER => PayloadBase::Network,
        NFT_PAYLOAD_TRANSPORT_HEADER => PayloadBase::Transport,
        number => PayloadBase::Other(number),
    };
    Ok(Some(Expr::Payload {
        base,
        offset: expect_number(data, NFTA_PAYLOAD_OFFSET, "NFTA_PAYLOAD_OFFSET")?,
        len: expect_number(data, NFTA_PAYLOAD_LEN, "NFTA_PAYLOAD_LEN")?,
        dreg: expect_reg(data, NFTA_PAYLOAD_DREG, "NFTA_PAYLOAD_DREG")?,
    }))
}

pub(super) fn encode_ct(key: CtKey, dreg: Reg) -> Expressions {
    let key = match key {
        CtKey::State => NFT_CT_STATE,
        CtKey::Other(number) => number,
    };
    let attributes: Vec<DefaultNla> = vec![number(NFTA_CT_KEY, key), number(NFTA_CT_DREG, dreg.0)];
    other("ct", attributes)
}

/// `None` for `ct set`, and for a key of one direction.
pub(super) fn decode_ct(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    if data.find(NFTA_CT_DREG).is_none() || data.find(NFTA_CT_DIRECTION).is_some() {
        return Ok(None);
    }
    let key = match expect_number(data, NFTA_CT_KEY, "NFTA_CT_KEY")? {
        NFT_CT_STATE => CtKey::State,
        number => CtKey::Other(number),
    };
    Ok(Some(Expr::Ct { key, dreg: expect_reg(data, NFTA_CT_DREG, "NFTA_CT_DREG")? }))
}

pub(super) fn encode_immediate(dreg: Reg, data: &[u8]) -> Expressions {
    Expressions::Immediate(vec![
        Immediate::DestinationRegister(Register::from(dreg.0)),
        Immediate::Data(DataAttribute::Value(data.to_vec())),
    ])
}

/// An immediate into the verdict register is a verdict.
pub(super) fn decode_immediate(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    let dreg = expect_reg(data, NFTA_IMMEDIATE_DREG, "NFTA_IMMEDIATE_DREG")?;
    if dreg == act::VERDICT_REGISTER {
        let value = data.expect(NFTA_IMMEDIATE_DATA, "NFTA_IMMEDIATE_DATA")?;
        return act::decode_verdict(value.nested()).map(Some);
    }
    let data = expect_value(data, NFTA_IMMEDIATE_DATA, "NFTA_IMMEDIATE_DATA")?;
    Ok(Some(Expr::Immediate { dreg, data }))
}
