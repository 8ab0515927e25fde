//! Expressions that act: verdicts, counters, redirect, tproxy, reject.

use netlink_packet_core::{DecodeError, DefaultNla};
use netlink_packet_netfilter::nftables::{
    DataAttribute, Expressions, Immediate, Register, Verdict as WireVerdict, VerdictAttribute,
};

use super::{expect_number, number, other};
use crate::netlink::Attributes;
use crate::ruleset::build::NAT_RANGE_PROTO_SPECIFIED;
use crate::ruleset::{Count, Expr, Reg, RejectType, Verdict};

/// `NFT_REG_VERDICT`.
pub(super) const VERDICT_REGISTER: Reg = Reg(0);

const NFTA_DATA_VERDICT: u16 = 2;
const NFTA_VERDICT_CODE: u16 = 1;
const NFTA_VERDICT_CHAIN: u16 = 2;
const NF_DROP: u32 = 0;
const NF_ACCEPT: u32 = 1;
const NFTA_COUNTER_BYTES: u16 = 1;
const NFTA_COUNTER_PACKETS: u16 = 2;
const NFTA_REDIR_REG_PROTO_MIN: u16 = 1;
const NFTA_REDIR_REG_PROTO_MAX: u16 = 2;
const NFTA_REDIR_FLAGS: u16 = 3;
const NFTA_TPROXY_FAMILY: u16 = 1;
const NFTA_TPROXY_REG_ADDR: u16 = 2;
const NFTA_TPROXY_REG_PORT: u16 = 3;
const NFTA_REJECT_TYPE: u16 = 1;
const NFTA_REJECT_ICMP_CODE: u16 = 2;
const NFT_REJECT_ICMP_UNREACH: u32 = 0;
const NFT_REJECT_TCP_RST: u32 = 1;
const NFT_REJECT_ICMPX_UNREACH: u32 = 2;

pub(super) fn encode_verdict(verdict: &Verdict) -> Expressions {
    let (code, chain) = match verdict {
        Verdict::Accept => (WireVerdict::Other(NF_ACCEPT), None),
        Verdict::Drop => (WireVerdict::Other(NF_DROP), None),
        Verdict::Return => (WireVerdict::Return, None),
        Verdict::Jump(chain) => (WireVerdict::Jump, Some(chain)),
        Verdict::Goto(chain) => (WireVerdict::Goto, Some(chain)),
        Verdict::Other(code) => (WireVerdict::from(*code), None),
    };
    let mut attributes = vec![VerdictAttribute::Code(code)];
    attributes.extend(chain.map(|chain| VerdictAttribute::Chain(chain.to_string())));
    Expressions::Immediate(vec![
        Immediate::DestinationRegister(Register::from(VERDICT_REGISTER.0)),
        Immediate::Data(DataAttribute::Verdict(attributes)),
    ])
}

pub(super) fn decode_verdict(data: Attributes<'_>) -> Result<Expr, DecodeError> {
    let verdict = data.expect(NFTA_DATA_VERDICT, "NFTA_DATA_VERDICT")?.nested();
    decode_code(verdict).map(Expr::Verdict)
}

/// Reads a code, and the chain to which it leads.
pub(in super::super) fn decode_code(verdict: Attributes<'_>) -> Result<Verdict, DecodeError> {
    let code = expect_number(verdict, NFTA_VERDICT_CODE, "NFTA_VERDICT_CODE")?;
    let chain = || {
        let chain = verdict.expect(NFTA_VERDICT_CHAIN, "NFTA_VERDICT_CHAIN")?;
        Ok::<_, DecodeError>(chain.string().into())
    };
    Ok(match (code, WireVerdict::from(code)) {
        (NF_DROP, _) => Verdict::Drop,
        (NF_ACCEPT, _) => Verdict::Accept,
        (_, WireVerdict::Return) => Verdict::Return,
        (_, WireVerdict::Jump) => Verdict::Jump(chain()?),
        (_, WireVerdict::Goto) => Verdict::Goto(chain()?),
        _ => Verdict::Other(code),
    })
}

/// A counter that was never told where to start has no numbers.
pub(super) fn decode_counter(data: Attributes<'_>) -> Result<Expr, DecodeError> {
    let count = |kind| data.find(kind).map_or(Ok(0), |number| number.u64_be());
    Ok(Expr::Counter(Count {
        packets: count(NFTA_COUNTER_PACKETS)?,
        bytes: count(NFTA_COUNTER_BYTES)?,
    }))
}

pub(super) fn encode_redirect(min: Option<Reg>, max: Option<Reg>, flags: u32) -> Expressions {
    let mut attributes: Vec<DefaultNla> = Vec::with_capacity(3);
    attributes.extend(min.map(|reg| number(NFTA_REDIR_REG_PROTO_MIN, reg.0)));
    attributes.extend(max.map(|reg| number(NFTA_REDIR_REG_PROTO_MAX, reg.0)));
    attributes.push(number(NFTA_REDIR_FLAGS, flags));
    other("redir", attributes)
}

/// A missing highest port is the lowest, and any port sets its flag (`nft_redir_init`).
pub(super) fn decode_redirect(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    let reg = |kind| data.find(kind).map(|reg| reg.u32_be().map(Reg)).transpose();
    let flags = data.find(NFTA_REDIR_FLAGS).map(|flags| flags.u32_be()).transpose()?;
    let port_min = reg(NFTA_REDIR_REG_PROTO_MIN)?;
    let implied = if port_min.is_some() { NAT_RANGE_PROTO_SPECIFIED } else { 0 };
    Ok(Some(Expr::Redirect {
        port_min,
        port_max: reg(NFTA_REDIR_REG_PROTO_MAX)?.or(port_min),
        flags: flags.unwrap_or(0) | implied,
    }))
}

pub(super) fn encode_tproxy(family: u32, port: Option<Reg>) -> Expressions {
    let mut attributes = vec![number(NFTA_TPROXY_FAMILY, family)];
    attributes.extend(port.map(|reg| number(NFTA_TPROXY_REG_PORT, reg.0)));
    other("tproxy", attributes)
}

/// `None` for one to an address of its own.
pub(super) fn decode_tproxy(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    if data.find(NFTA_TPROXY_REG_ADDR).is_some() {
        return Ok(None);
    }
    let port = data.find(NFTA_TPROXY_REG_PORT).map(|reg| reg.u32_be().map(Reg)).transpose()?;
    let family = expect_number(data, NFTA_TPROXY_FAMILY, "NFTA_TPROXY_FAMILY")?;
    Ok(Some(Expr::Tproxy { family, port }))
}

pub(super) fn encode_reject(kind: RejectType, code: u8) -> Expressions {
    let kind = match kind {
        RejectType::Icmp => NFT_REJECT_ICMP_UNREACH,
        RejectType::TcpReset => NFT_REJECT_TCP_RST,
        RejectType::Icmpx => NFT_REJECT_ICMPX_UNREACH,
        RejectType::Other(number) => number,
    };
    let code = DefaultNla::new(NFTA_REJECT_ICMP_CODE, vec![code]);
    other("reject", vec![number(NFTA_REJECT_TYPE, kind), code])
}

/// The kernel leaves the code out where it says nothing.
pub(super) fn decode_reject(data: Attributes<'_>) -> Result<Option<Expr>, DecodeError> {
    let kind = match expect_number(data, NFTA_REJECT_TYPE, "NFTA_REJECT_TYPE")? {
        NFT_REJECT_ICMP_UNREACH => RejectType::Icmp,
        NFT_REJECT_TCP_RST => RejectType::TcpReset,
        NFT_REJECT_ICMPX_UNREACH => RejectType::Icmpx,
        number => RejectType::Other(number),
    };
    let code = data.find(NFTA_REJECT_ICMP_CODE).and_then(|code| code.bytes().first().copied());
    Ok(Some(Expr::Reject { kind, code: code.unwrap_or(0) }))
}
