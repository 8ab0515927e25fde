//! The matches and actions that our rules are made of, each as the expressions that nft writes
//! for the same words.

mod address;
mod mark;
mod transport;

pub use address::Side;

use super::{
    CmpOp, Count, CtKey, Expr, MetaKey, Name, PayloadBase, Reg, RejectType, Rule, Verdict,
};

/// `IPPROTO_TCP`.
pub const TCP: u8 = 6;
/// `IPPROTO_UDP`.
pub const UDP: u8 = 17;
/// `IPPROTO_ICMPV6`.
pub const ICMPV6: u8 = 58;
/// `NFPROTO_IPV4`.
pub const NFPROTO_IPV4: u8 = 2;
/// `NFPROTO_IPV6`.
pub const NFPROTO_IPV6: u8 = 10;
/// The index of `lo` in every network namespace (`LOOPBACK_IFINDEX`).
pub const LOOPBACK_IFINDEX: u32 = 1;
/// Conntrack can't tell what the packet belongs to (`NF_CT_STATE_INVALID_BIT`).
pub const CT_STATE_INVALID: u32 = 1;
/// The connection has seen one packet only (`NF_CT_STATE_BIT(IP_CT_NEW)`).
pub const CT_STATE_NEW: u32 = 8;
/// `IP_CT_DIR_REPLY`.
const IP_CT_DIR_REPLY: u8 = 1;
/// `IPS_DST_NAT`.
pub const IPS_DST_NAT: u32 = 1 << 5;
/// `NF_NAT_RANGE_PROTO_SPECIFIED`, which the kernel sets when a port is given.
pub const NAT_RANGE_PROTO_SPECIFIED: u32 = 2;

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

    pub(super) fn meta(self, key: MetaKey, op: CmpOp, data: Vec<u8>) -> Self {
        self.push(Expr::Meta { key, dreg: Reg::ONE }).cmp(op, data)
    }

    pub(super) fn push(mut self, expr: Expr) -> Self {
        self.exprs.push(expr);
        self
    }

    pub(super) fn cmp(self, op: CmpOp, data: Vec<u8>) -> Self {
        self.push(Expr::Cmp { sreg: Reg::ONE, op, data })
    }

    pub(super) fn lookup(self, set: &Name) -> Self {
        self.push(Expr::Lookup { sreg: Reg::ONE, set: set.clone(), inverted: false })
    }

    pub(super) fn payload(self, base: PayloadBase, offset: u32, len: u32) -> Self {
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

    /// Came in by another interface than `lo`.
    #[must_use]
    pub fn iif_not_lo(self) -> Self {
        self.meta(MetaKey::Iif, CmpOp::Neq, LOOPBACK_IFINDEX.to_ne_bytes().to_vec())
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

    /// What `key` loads is not in the set.
    #[must_use]
    pub fn meta_not_in(self, key: MetaKey, set: &Name) -> Self {
        let lookup = Expr::Lookup { sreg: Reg::ONE, set: set.clone(), inverted: true };
        self.push(Expr::Meta { key, dreg: Reg::ONE }).push(lookup)
    }

    /// The socket's owner or group, which `key` says, is not this one; a packet without a socket
    /// has neither.
    #[must_use]
    pub fn id_not(self, key: MetaKey, id: u32) -> Self {
        self.meta(key, CmpOp::Neq, id.to_ne_bytes().to_vec())
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

    /// The packet is not of this transport protocol.
    #[must_use]
    pub fn not_l4proto(self, protocol: u8) -> Self {
        self.meta(MetaKey::L4Proto, CmpOp::Neq, vec![protocol])
    }

    /// The packet is of this transport protocol.
    #[must_use]
    pub fn l4proto(self, protocol: u8) -> Self {
        self.meta(MetaKey::L4Proto, CmpOp::Eq, vec![protocol])
    }

    pub(super) fn masked(self, mask: Vec<u8>) -> Self {
        let xor = vec![0; mask.len()];
        self.push(Expr::Bitwise { sreg: Reg::ONE, dreg: Reg::ONE, mask, xor })
    }

    /// The first packet of a connection.
    #[must_use]
    pub fn ct_new(self) -> Self {
        self.ct_state(CT_STATE_NEW)
    }

    /// A packet of a connection whose destination was rewritten (`IPS_DST_NAT`).
    #[must_use]
    pub fn ct_redirected(self) -> Self {
        self.push(Expr::Ct { key: CtKey::Status, dreg: Reg::ONE })
            .masked(IPS_DST_NAT.to_ne_bytes().to_vec())
            .cmp(CmpOp::Neq, vec![0; 4])
    }

    /// A packet that answers to others of its connection.
    #[must_use]
    pub fn ct_reply(self) -> Self {
        self.push(Expr::Ct { key: CtKey::Direction, dreg: Reg::ONE })
            .cmp(CmpOp::Eq, vec![IP_CT_DIR_REPLY])
    }

    /// What conntrack calls invalid.
    #[must_use]
    pub fn ct_invalid(self) -> Self {
        self.ct_state(CT_STATE_INVALID)
    }

    fn ct_state(self, bit: u32) -> Self {
        self.push(Expr::Ct { key: CtKey::State, dreg: Reg::ONE })
            .masked(bit.to_ne_bytes().to_vec())
            .cmp(CmpOp::Neq, vec![0; 4])
    }

    /// Lets the packet pass this chain as it is.
    #[must_use]
    pub fn accept(self) -> Rule {
        self.verdict(Verdict::Accept)
    }

    /// Lets the packet pass, where it has been counted already.
    #[must_use]
    pub fn accept_uncounted(self) -> Rule {
        self.push(Expr::Verdict(Verdict::Accept)).finish()
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

    /// Hands the packet to the socket that listens on this port, and only if there is one goes on
    /// with what follows.
    #[must_use]
    pub fn tproxy(self, port: u16) -> Self {
        let counted = self.count();
        counted
            .push(Expr::Immediate { dreg: Reg::ONE, data: port.to_be_bytes().to_vec() })
            .push(Expr::Tproxy { family: 0, port: Some(Reg::ONE) })
    }

    /// Keeps the packet out of connection tracking.
    #[must_use]
    pub fn notrack(self) -> Rule {
        self.count().push(Expr::Notrack).finish()
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
