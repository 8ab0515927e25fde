//! Expressions that fill a register: meta, payload, ct, immediate.

use netlink_packet_core::DecodeError;
use netlink_packet_netfilter::nftables::{
    DataAttribute, Expressions, Immediate, Meta, MetaKey as WireKey, Payload, Register,
};

use super::{act, expect_number, expect_reg, expect_value, number, other};
use crate::netlink::Attributes;
use crate::ruleset::{CtKey, Expr, MetaKey, PayloadBase, Reg};

const NFTA_META_DREG: u16 = 1;
const NFTA_META_KEY: u16 = 2;
const NFTA_META_SREG: u16 = 3;
const NFTA_PAYLOAD_DREG: u16 = 1;
const NFTA_PAYLOAD_BASE: u16 = 2;
const NFTA_PAYLOAD_OFFSET: u16 = 3;
const NFTA_PAYLOAD_LEN: u16 = 4;
const NFT_PAYLOAD_NETWORK_HEADER: u32 = 1;
const NFT_PAYLOAD_TRANSPORT_HEADER: u32 = 2;
const NFTA_CT_DREG: u16 = 1;
const NFTA_CT_KEY: u16 = 2;
const NFTA_CT_DIRECTION: u16 = 3;
const NFTA_CT_SREG: u16 = 4;
const NFT_CT_STATE: u32 = 0;
const NFT_CT_DIRECTION: u32 = 1;
const NFT_CT_STATUS: u32 = 2;
const NFT_CT_MARK: u32 = 3;
const NFT_CT_ZONE: u32 = 17;
const NFTA_SOCKET_KEY: u16 = 1;
const NFTA_SOCKET_DREG: u16 = 2;
const NFTA_SOCKET_LEVEL: u16 = 3;
const NFT_SOCKET_TRANSPARENT: u32 = 0;
const NFT_SOCKET_CGROUPV2: u32 = 3;
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
        MetaKey::Mark => WireKey::Mark,
        MetaKey::Cgroup => WireKey::Cgroup,
        MetaKey::NfTrace => WireKey::NftraceBit,
        MetaKey::Other(number) => WireKey::Other(number),
    }
}

pub(super) fn encode_meta_set(key: MetaKey, sreg: Reg) -> Expressions {
    let key = u32::from(wire_key(key));
    other("meta", vec![number(NFTA_META_KEY, key), number(NFTA_META_SREG, sreg.0)])
}

/// With a destination register it loads, with a source register it sets.
pub(super) fn decode_meta(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    let Some(key) = data.find(NFTA_META_KEY) else { return Ok(None) };
    let key = meta_key(key.u32_be()?);
    let reg = |kind| data.find(kind).map(|reg| reg.u32_be().map(Reg)).transpose();
    Ok(match (reg(NFTA_META_DREG)?, reg(NFTA_META_SREG)?) {
        (Some(dreg), _) => Some(Expr::Meta { key, dreg }),
        (None, Some(sreg)) => Some(Expr::MetaSet { key, sreg }),
        (None, None) => None,
    })
}

fn meta_key(number: u32) -> MetaKey {
    let known = [
        MetaKey::Iif,
        MetaKey::Oif,
        MetaKey::IifName,
        MetaKey::OifName,
        MetaKey::SkUid,
        MetaKey::SkGid,
        MetaKey::NfProto,
        MetaKey::L4Proto,
        MetaKey::Mark,
        MetaKey::Cgroup,
        MetaKey::NfTrace,
    ];
    let found = known.into_iter().find(|key| u32::from(wire_key(*key)) == number);
    found.unwrap_or(MetaKey::Other(number))
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
    other("ct", vec![number(NFTA_CT_KEY, ct_number(key)), number(NFTA_CT_DREG, dreg.0)])
}

pub(super) fn encode_ct_set(key: CtKey, sreg: Reg) -> Expressions {
    other("ct", vec![number(NFTA_CT_KEY, ct_number(key)), number(NFTA_CT_SREG, sreg.0)])
}

fn ct_number(key: CtKey) -> u32 {
    match key {
        CtKey::State => NFT_CT_STATE,
        CtKey::Direction => NFT_CT_DIRECTION,
        CtKey::Status => NFT_CT_STATUS,
        CtKey::Mark => NFT_CT_MARK,
        CtKey::Zone => NFT_CT_ZONE,
        CtKey::Other(number) => number,
    }
}

/// With a destination register it loads, with a source register it sets; `None` for a key of one
/// direction.
pub(super) fn decode_ct(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    let number = data.find(NFTA_CT_KEY).filter(|_| data.find(NFTA_CT_DIRECTION).is_none());
    let Some(number) = number else { return Ok(None) };
    let key = match number.u32_be()? {
        NFT_CT_STATE => CtKey::State,
        NFT_CT_DIRECTION => CtKey::Direction,
        NFT_CT_STATUS => CtKey::Status,
        NFT_CT_MARK => CtKey::Mark,
        NFT_CT_ZONE => CtKey::Zone,
        number => CtKey::Other(number),
    };
    let reg = |kind| data.find(kind).map(|reg| reg.u32_be().map(Reg)).transpose();
    Ok(match (reg(NFTA_CT_DREG)?, reg(NFTA_CT_SREG)?) {
        (Some(dreg), _) => Some(Expr::Ct { key, dreg }),
        (None, Some(sreg)) => Some(Expr::CtSet { key, sreg }),
        (None, None) => None,
    })
}

pub(super) fn encode_socket_cgroup(level: u32, dreg: Reg) -> Expressions {
    let attributes = vec![
        number(NFTA_SOCKET_KEY, NFT_SOCKET_CGROUPV2),
        number(NFTA_SOCKET_DREG, dreg.0),
        number(NFTA_SOCKET_LEVEL, level),
    ];
    other("socket", attributes)
}

pub(super) fn encode_socket_transparent(dreg: Reg) -> Expressions {
    let key = number(NFTA_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
    other("socket", vec![key, number(NFTA_SOCKET_DREG, dreg.0)])
}

/// `None` for the other keys of `socket`.
pub(super) fn decode_socket(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    let dreg = expect_reg(data, NFTA_SOCKET_DREG, "NFTA_SOCKET_DREG")?;
    Ok(match expect_number(data, NFTA_SOCKET_KEY, "NFTA_SOCKET_KEY")? {
        NFT_SOCKET_TRANSPARENT => Some(Expr::SocketTransparent { dreg }),
        NFT_SOCKET_CGROUPV2 => {
            let level = expect_number(data, NFTA_SOCKET_LEVEL, "NFTA_SOCKET_LEVEL")?;
            Some(Expr::SocketCgroup { level, dreg })
        }
        _ => None,
    })
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
