//! Constants in the words of nft, by what they are compared with.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::build::{
    CT_STATE_INVALID, CT_STATE_NEW, ICMPV6, IPS_DST_NAT, LOOPBACK_IFINDEX, NFPROTO_IPV4,
    NFPROTO_IPV6, TCP, UDP,
};
use super::super::{CtKey, Expr, MetaKey, PayloadBase};

/// What a register holds, as far as it can be said in words.
#[derive(Debug, Clone)]
pub(super) enum Loaded {
    /// A `meta` key.
    Meta(MetaKey),
    /// A field of a header: its words and how its values are written.
    Field(String, FieldKind),
    /// A `ct` key.
    Ct(CtKey),
    /// Whether a socket is transparent.
    Transparent,
    /// A cgroup v2 at this level.
    Cgroup(u32),
    /// A constant.
    Constant(Vec<u8>),
    /// Something that our rules do not load.
    Unknown(String),
}

/// How a header field's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// An IPv4 address, or its first bytes.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A decimal number, big-endian.
    Number,
    /// TCP flags.
    TcpFlags,
    /// An ICMPv6 type.
    Icmpv6Type,
    /// Raw bytes.
    Raw,
}

impl Loaded {
    /// What a loading expression puts into its register; `protocol` is what `meta l4proto` was
    /// compared with before.
    pub(super) fn from_expr(expr: &Expr, protocol: Option<u8>) -> Self {
        match expr {
            Expr::Meta { key, .. } => Self::Meta(*key),
            Expr::Payload { base, offset, len, .. } => payload(*base, *offset, *len, protocol),
            Expr::Ct { key, .. } => Self::Ct(*key),
            Expr::SocketTransparent { .. } => Self::Transparent,
            Expr::SocketCgroup { level, .. } => Self::Cgroup(*level),
            Expr::Immediate { data, .. } => Self::Constant(data.clone()),
            Expr::Bitwise { .. }
            | Expr::Cmp { .. }
            | Expr::Lookup { .. }
            | Expr::Verdict(_)
            | Expr::Counter(_)
            | Expr::MetaSet { .. }
            | Expr::CtSet { .. }
            | Expr::Redirect { .. }
            | Expr::Tproxy { .. }
            | Expr::Notrack
            | Expr::Reject { .. }
            | Expr::Other { .. } => Self::Unknown(format!("{expr:?}")),
        }
    }

    /// The left-hand side of a comparison.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Meta(key) => meta_words(*key).to_owned(),
            Self::Field(words, _) | Self::Unknown(words) => words.clone(),
            Self::Ct(key) => ct_words(*key).to_owned(),
            Self::Transparent => "socket transparent".to_owned(),
            Self::Cgroup(level) => format!("socket cgroupv2 level {level}"),
            Self::Constant(data) => hex(data),
        }
    }

    /// The right-hand side of a comparison.
    pub(super) fn value(&self, data: &[u8]) -> String {
        match self {
            Self::Meta(key) => meta_value(*key, data),
            Self::Field(_, kind) => field_value(*kind, data),
            Self::Ct(key) => ct_value(*key, data),
            Self::Transparent => big_endian(data).to_string(),
            Self::Cgroup(_) => {
                data.try_into().map_or_else(|_| hex(data), |id| u64::from_ne_bytes(id).to_string())
            }
            Self::Constant(_) | Self::Unknown(_) => hex(data),
        }
    }

    /// The right-hand side of a match between two values: nft has no names inside a range.
    pub(super) fn range(&self, first: &[u8], last: &[u8]) -> String {
        match self {
            Self::Field(_, FieldKind::Icmpv6Type) => {
                format!("{}-{}", big_endian(first), big_endian(last))
            }
            Self::Meta(_)
            | Self::Field(..)
            | Self::Ct(_)
            | Self::Transparent
            | Self::Cgroup(_)
            | Self::Constant(_)
            | Self::Unknown(_) => format!("{}-{}", self.value(first), self.value(last)),
        }
    }
}

fn payload(base: PayloadBase, offset: u32, len: u32, protocol: Option<u8>) -> Loaded {
    let field = |words: &str, kind| Loaded::Field(words.to_owned(), kind);
    match (base, offset, len) {
        (PayloadBase::Network, 12, 1..=4) => field("ip saddr", FieldKind::Ipv4),
        (PayloadBase::Network, 16, 1..=4) => field("ip daddr", FieldKind::Ipv4),
        (PayloadBase::Network, 8, 16) => field("ip6 saddr", FieldKind::Ipv6),
        (PayloadBase::Network, 24, 16) => field("ip6 daddr", FieldKind::Ipv6),
        (PayloadBase::Transport, 0, 1) if protocol == Some(ICMPV6) => {
            field("icmpv6 type", FieldKind::Icmpv6Type)
        }
        (PayloadBase::Transport, 13, 1) if protocol == Some(TCP) => {
            field("tcp flags", FieldKind::TcpFlags)
        }
        (PayloadBase::Transport, 0 | 2, 2) => {
            let side = if offset == 0 { "sport" } else { "dport" };
            let header = protocol.and_then(protocol_header).unwrap_or("th");
            Loaded::Field(format!("{header} {side}"), FieldKind::Number)
        }
        (PayloadBase::Network, _, _) => raw_field("nh", offset, len),
        (PayloadBase::Transport, _, _) => raw_field("th", offset, len),
        (PayloadBase::Other(number), _, _) => raw_field(&number.to_string(), offset, len),
    }
}

fn raw_field(base: &str, offset: u32, len: u32) -> Loaded {
    let words = format!("@{base},{},{}", u64::from(offset) * 8, u64::from(len) * 8);
    Loaded::Field(words, FieldKind::Raw)
}

fn protocol_header(protocol: u8) -> Option<&'static str> {
    match protocol {
        TCP => Some("tcp"),
        UDP => Some("udp"),
        132 => Some("sctp"),
        _ => None,
    }
}

fn ct_words(key: CtKey) -> &'static str {
    match key {
        CtKey::State => "ct state",
        CtKey::Direction => "ct direction",
        CtKey::Status => "ct status",
        CtKey::Mark => "ct mark",
        CtKey::Zone => "ct zone",
        CtKey::Other(_) => "ct unknown",
    }
}

fn ct_value(key: CtKey, data: &[u8]) -> String {
    match (key, host_u32(data)) {
        (CtKey::State, Some(CT_STATE_INVALID)) => "invalid".to_owned(),
        (CtKey::State, Some(CT_STATE_NEW)) => "new".to_owned(),
        (CtKey::Direction, _) => match data {
            [0] => "original".to_owned(),
            [1] => "reply".to_owned(),
            _ => hex(data),
        },
        (CtKey::Status, Some(IPS_DST_NAT)) => "dnat".to_owned(),
        (CtKey::Mark, Some(mark)) => mark_text(mark),
        (CtKey::Zone, None) => {
            data.try_into().map_or_else(|_| hex(data), |zone| u16::from_ne_bytes(zone).to_string())
        }
        (CtKey::State | CtKey::Status | CtKey::Mark | CtKey::Zone | CtKey::Other(_), _) => {
            hex(data)
        }
    }
}

fn mark_text(mark: u32) -> String {
    format!("0x{mark:08x}")
}

fn meta_words(key: MetaKey) -> &'static str {
    match key {
        MetaKey::Iif => "iif",
        MetaKey::Oif => "oif",
        MetaKey::IifName => "iifname",
        MetaKey::OifName => "oifname",
        MetaKey::SkUid => "meta skuid",
        MetaKey::SkGid => "meta skgid",
        MetaKey::NfProto => "meta nfproto",
        MetaKey::L4Proto => "meta l4proto",
        MetaKey::Mark => "meta mark",
        MetaKey::Cgroup => "meta cgroup",
        MetaKey::NfTrace => "meta nftrace",
        MetaKey::Other(_) => "meta unknown",
    }
}

fn meta_value(key: MetaKey, data: &[u8]) -> String {
    match key {
        MetaKey::Iif | MetaKey::Oif => match host_u32(data) {
            Some(LOOPBACK_IFINDEX) => "\"lo\"".to_owned(),
            Some(index) => index.to_string(),
            None => hex(data),
        },
        MetaKey::IifName | MetaKey::OifName => name_text(data),
        MetaKey::Mark => host_u32(data).map_or_else(|| hex(data), mark_text),
        MetaKey::SkUid | MetaKey::SkGid | MetaKey::Cgroup => {
            host_u32(data).map_or_else(|| hex(data), |id| id.to_string())
        }
        MetaKey::NfProto => match data {
            [NFPROTO_IPV4] => "ipv4".to_owned(),
            [NFPROTO_IPV6] => "ipv6".to_owned(),
            _ => hex(data),
        },
        MetaKey::L4Proto => match data {
            [1] => "icmp".to_owned(),
            [TCP] => "tcp".to_owned(),
            [UDP] => "udp".to_owned(),
            [ICMPV6] => "ipv6-icmp".to_owned(),
            [132] => "sctp".to_owned(),
            [number] => number.to_string(),
            _ => hex(data),
        },
        MetaKey::NfTrace => big_endian(data).to_string(),
        MetaKey::Other(_) => hex(data),
    }
}

/// An interface name in quotes.
pub(super) fn name_text(data: &[u8]) -> String {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    format!("\"{}\"", String::from_utf8_lossy(data.get(..end).unwrap_or(data)))
}

fn field_value(kind: FieldKind, data: &[u8]) -> String {
    match kind {
        FieldKind::Ipv4 => ipv4_text(data),
        FieldKind::Ipv6 => <[u8; 16]>::try_from(data)
            .map_or_else(|_| hex(data), |octets| Ipv6Addr::from(octets).to_string()),
        FieldKind::Number => big_endian(data).to_string(),
        FieldKind::TcpFlags => match data {
            [2] => "syn".to_owned(),
            [4] => "rst".to_owned(),
            [18] => "syn,ack".to_owned(),
            _ => hex(data),
        },
        FieldKind::Icmpv6Type => match data {
            [143] => "mld2-listener-report".to_owned(),
            [2] => "packet-too-big".to_owned(),
            _ => big_endian(data).to_string(),
        },
        FieldKind::Raw => hex(data),
    }
}

/// An address, or with fewer than four bytes the prefix that they say.
fn ipv4_text(data: &[u8]) -> String {
    let mut octets = [0; 4];
    for (place, byte) in octets.iter_mut().zip(data) {
        *place = *byte;
    }
    let address = Ipv4Addr::from(octets);
    if data.len() < 4 { format!("{address}/{}", data.len() * 8) } else { address.to_string() }
}

fn host_u32(data: &[u8]) -> Option<u32> {
    data.try_into().ok().map(u32::from_ne_bytes)
}

/// The number that the bytes say, the highest first.
pub(super) fn big_endian(data: &[u8]) -> u128 {
    data.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Bytes as nft writes a number that it has no words for.
pub(super) fn hex(data: &[u8]) -> String {
    data.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}
