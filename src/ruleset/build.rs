//! The matches and actions that our rules are made of, each as the expressions that nft writes
//! for the same words.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    CmpOp, Count, CtKey, Expr, MetaKey, Name, PayloadBase, Reg, RejectType, Rule, Verdict,
};

/// `IPPROTO_TCP`.
pub const TCP: u8 = 6;
/// `IPPROTO_ICMPV6`.
pub const ICMPV6: u8 = 58;
/// `NFPROTO_IPV4`.
pub const NFPROTO_IPV4: u8 = 2;
/// `NFPROTO_IPV6`.
pub const NFPROTO_IPV6: u8 = 10;
/// The index of `lo` in every network namespace (`LOOPBACK_IFINDEX`).
pub const LOOPBACK_IFINDEX: u32 = 1;
/// The connection has seen one packet only (`NF_CT_STATE_BIT(IP_CT_NEW)`).
const CT_STATE_NEW: u32 = 8;
/// `RST` in the byte of the TCP header that holds the flags.
const TCP_RST: u8 = 4;
/// `NF_NAT_RANGE_PROTO_SPECIFIED`, which the kernel sets when a port is given.
pub const NAT_RANGE_PROTO_SPECIFIED: u32 = 2;

/// Which address of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}

/// Collects the expressions of one rule; every ending gives the finished [`Rule`].
#[derive(Debug, Clone)]
pub struct RuleBuilder {
    exprs: Vec<Expr>,
    setting: &'static str,
    counted: Counted,
}

/// Whether rules count the packets they decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// They do not.
    No,
    /// A counter stands before the verdict.
    Yes,
}

impl RuleBuilder {
    /// An empty rule that comes from the policy's `setting`.
    #[must_use]
    pub fn new(setting: &'static str, counted: Counted) -> Self {
        Self { exprs: Vec::with_capacity(8), setting, counted }
    }

    fn meta(self, key: MetaKey, op: CmpOp, data: Vec<u8>) -> Self {
        self.push(Expr::Meta { key, dreg: Reg::ONE }).cmp(op, data)
    }

    fn push(mut self, expr: Expr) -> Self {
        self.exprs.push(expr);
        self
    }

    fn cmp(self, op: CmpOp, data: Vec<u8>) -> Self {
        self.push(Expr::Cmp { sreg: Reg::ONE, op, data })
    }

    fn lookup(self, set: &Name) -> Self {
        self.push(Expr::Lookup { sreg: Reg::ONE, set: set.clone(), inverted: false })
    }

    fn payload(self, base: PayloadBase, offset: u32, len: u32) -> Self {
        self.push(Expr::Payload { base, offset, len, dreg: Reg::ONE })
    }

    /// Leaves by `lo`.
    #[must_use]
    pub fn oif_lo(self) -> Self {
        self.meta(MetaKey::Oif, CmpOp::Eq, LOOPBACK_IFINDEX.to_ne_bytes().to_vec())
    }

    /// Came in by `lo`.
    #[must_use]
    pub fn iif_lo(self) -> Self {
        self.meta(MetaKey::Iif, CmpOp::Eq, LOOPBACK_IFINDEX.to_ne_bytes().to_vec())
    }

    /// The interface's name is this one; `key` says which interface.
    #[must_use]
    pub fn interface(self, key: MetaKey, name: &str) -> Self {
        self.meta(key, CmpOp::Eq, padded_name(name).to_vec())
    }

    /// What `key` loads is in the set.
    #[must_use]
    pub fn meta_in(self, key: MetaKey, set: &Name) -> Self {
        self.push(Expr::Meta { key, dreg: Reg::ONE }).lookup(set)
    }

    /// The socket's owner or group, which `key` says, is this one.
    #[must_use]
    pub fn id(self, key: MetaKey, id: u32) -> Self {
        self.meta(key, CmpOp::Eq, id.to_ne_bytes().to_vec())
    }

    /// The packet is of this family.
    #[must_use]
    pub fn nfproto(self, family: u8) -> Self {
        self.meta(MetaKey::NfProto, CmpOp::Eq, vec![family])
    }

    /// The packet is not of this family.
    #[must_use]
    pub fn not_nfproto(self, family: u8) -> Self {
        self.meta(MetaKey::NfProto, CmpOp::Neq, vec![family])
    }

    /// The packet is of this transport protocol.
    #[must_use]
    pub fn l4proto(self, protocol: u8) -> Self {
        self.meta(MetaKey::L4Proto, CmpOp::Eq, vec![protocol])
    }

    fn address4(self, side: Side, len: u32) -> Self {
        let offset = match side {
            Side::Source => 12,
            Side::Destination => 16,
        };
        self.nfproto(NFPROTO_IPV4).payload(PayloadBase::Network, offset, len)
    }

    fn address6(self, side: Side) -> Self {
        let offset = match side {
            Side::Source => 8,
            Side::Destination => 24,
        };
        self.nfproto(NFPROTO_IPV6).payload(PayloadBase::Network, offset, 16)
    }

    /// The IPv4 address is this one.
    #[must_use]
    pub fn ip4(self, side: Side, address: Ipv4Addr) -> Self {
        self.address4(side, 4).cmp(CmpOp::Eq, address.octets().to_vec())
    }

    /// The IPv6 address is this one.
    #[must_use]
    pub fn ip6(self, side: Side, address: Ipv6Addr) -> Self {
        self.address6(side).cmp(CmpOp::Eq, address.octets().to_vec())
    }

    /// The IPv4 address is in this prefix. A whole number of bytes is compared as such.
    #[must_use]
    pub fn ip4_prefix(self, side: Side, network: Ipv4Addr, bits: u8) -> Self {
        if bits != 0 && bits.is_multiple_of(8) {
            let len = bits / 8;
            let data = network.octets().into_iter().take(usize::from(len)).collect();
            return self.address4(side, u32::from(len)).cmp(CmpOp::Eq, data);
        }
        let mask = Ipv4Addr::from(!(u32::MAX.checked_shr(u32::from(bits)).unwrap_or(0)));
        self.address4(side, 4)
            .masked(mask.octets().to_vec())
            .cmp(CmpOp::Eq, network.octets().to_vec())
    }

    fn masked(self, mask: Vec<u8>) -> Self {
        let xor = vec![0; mask.len()];
        self.push(Expr::Bitwise { sreg: Reg::ONE, dreg: Reg::ONE, mask, xor })
    }

    /// The IPv4 address is in the set.
    #[must_use]
    pub fn ip4_in(self, side: Side, set: &Name) -> Self {
        self.address4(side, 4).lookup(set)
    }

    /// The IPv6 address is in the set.
    #[must_use]
    pub fn ip6_in(self, side: Side, set: &Name) -> Self {
        self.address6(side).lookup(set)
    }

    fn dport(self) -> Self {
        self.payload(PayloadBase::Transport, 2, 2)
    }

    /// The destination port lies from `first` to `last`; of whatever protocol unless
    /// [`Self::l4proto`] stands before.
    #[must_use]
    pub fn dport_between(self, first: u16, last: u16) -> Self {
        let (first, last) = (first.to_be_bytes().to_vec(), last.to_be_bytes().to_vec());
        if first == last {
            return self.dport().cmp(CmpOp::Eq, first);
        }
        self.dport().cmp(CmpOp::Gte, first).cmp(CmpOp::Lte, last)
    }

    /// The destination port is not this one.
    #[must_use]
    pub fn dport_not(self, port: u16) -> Self {
        self.dport().cmp(CmpOp::Neq, port.to_be_bytes().to_vec())
    }

    /// The destination port is in the set.
    #[must_use]
    pub fn dport_in(self, set: &Name) -> Self {
        self.dport().lookup(set)
    }

    /// ICMPv6 of a type from `first` to `last`.
    #[must_use]
    pub fn icmpv6_type(self, first: u8, last: u8) -> Self {
        let loaded = self.nfproto(NFPROTO_IPV6).l4proto(ICMPV6);
        let loaded = loaded.payload(PayloadBase::Transport, 0, 1);
        if first == last {
            return loaded.cmp(CmpOp::Eq, vec![first]);
        }
        loaded.cmp(CmpOp::Gte, vec![first]).cmp(CmpOp::Lte, vec![last])
    }

    /// A TCP reset.
    #[must_use]
    pub fn tcp_rst(self) -> Self {
        self.l4proto(TCP)
            .payload(PayloadBase::Transport, 13, 1)
            .masked(vec![TCP_RST])
            .cmp(CmpOp::Neq, vec![0])
    }

    /// The first packet of a connection.
    #[must_use]
    pub fn ct_new(self) -> Self {
        self.push(Expr::Ct { key: CtKey::State, dreg: Reg::ONE })
            .masked(CT_STATE_NEW.to_ne_bytes().to_vec())
            .cmp(CmpOp::Neq, vec![0; 4])
    }

    /// Lets the packet pass this chain as it is.
    #[must_use]
    pub fn accept(self) -> Rule {
        self.verdict(Verdict::Accept)
    }

    /// Ends with a verdict.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> Rule {
        self.count().push(Expr::Verdict(verdict)).finish()
    }

    /// Sends the connection to this port of this host.
    #[must_use]
    pub fn redirect(self, port: u16) -> Rule {
        self.count()
            .push(Expr::Immediate { dreg: Reg::ONE, data: port.to_be_bytes().to_vec() })
            .push(Expr::Redirect {
                port_min: Some(Reg::ONE),
                port_max: Some(Reg::ONE),
                flags: NAT_RANGE_PROTO_SPECIFIED,
            })
            .finish()
    }

    /// Refuses the packet.
    #[must_use]
    pub fn reject(self, kind: RejectType, code: u8) -> Rule {
        self.count().push(Expr::Reject { kind, code }).finish()
    }

    fn count(self) -> Self {
        match self.counted {
            Counted::No => self,
            Counted::Yes => self.push(Expr::Counter(Count::default())),
        }
    }

    fn finish(self) -> Rule {
        Rule { exprs: self.exprs, setting: self.setting }
    }
}

/// An interface name as the kernel compares it: 16 bytes, padded with zeros.
#[must_use]
pub fn padded_name(name: &str) -> [u8; 16] {
    let mut padded = [0; 16];
    for (place, byte) in padded.iter_mut().zip(name.bytes().take(15)) {
        *place = byte;
    }
    padded
}
