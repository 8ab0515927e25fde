//! The kernel's expressions: what a rule is made of (`linux/netfilter/nf_tables.h`).

use super::Name;

/// A register number as on the wire (`enum nft_registers`): 0 is the verdict, 1-4 hold 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reg(pub u32);

impl Reg {
    /// The data register that our rules use (`NFT_REG_1`).
    pub const ONE: Self = Self(1);
    /// The 4 bytes that follow the first 4 of [`Self::ONE`] (`NFT_REG32_01`).
    pub const AFTER_4: Self = Self(9);
    /// What follows the 16 bytes of [`Self::ONE`] (`NFT_REG_2`).
    pub const AFTER_16: Self = Self(2);
}

/// What `meta` loads (`enum nft_meta_keys`). Ids, marks and indices are in host byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaKey {
    /// Input interface index, 4 bytes.
    Iif,
    /// Output interface index, 4 bytes.
    Oif,
    /// Input interface name, 16 bytes, padded with zeros.
    IifName,
    /// Output interface name, 16 bytes, padded with zeros.
    OifName,
    /// The owner of the socket's file at its creation, 4 bytes.
    SkUid,
    /// The group of the socket's file at its creation, 4 bytes.
    SkGid,
    /// `NFPROTO_IPV4` or `NFPROTO_IPV6`, 1 byte.
    NfProto,
    /// Transport protocol number, 1 byte.
    L4Proto,
    /// The packet's mark, 4 bytes.
    Mark,
    /// The net_cls class of the socket (cgroup v1), 4 bytes.
    Cgroup,
    /// Whether the kernel tells which rules the packet meets, 1 byte; it is set only.
    NfTrace,
    /// A key that our rules do not use.
    Other(u32),
}

/// Where `payload` starts to count (`enum nft_payload_bases`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadBase {
    /// The IPv4 or IPv6 header.
    Network,
    /// The TCP, UDP or ICMP header.
    Transport,
    /// A base that our rules do not use.
    Other(u32),
}

/// What `ct` loads or sets (`enum nft_ct_keys`), in host byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CtKey {
    /// Connection state bits, 4 bytes.
    State,
    /// Whether the packet goes the way of the first one (0) or back (1), 1 byte.
    Direction,
    /// Status bits (`enum ip_conntrack_status`), 4 bytes.
    Status,
    /// The connection's mark, 4 bytes.
    Mark,
    /// The connection tracking zone, 2 bytes.
    Zone,
    /// A key that our rules do not use.
    Other(u32),
}

/// How `cmp` compares (`enum nft_cmp_ops`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CmpOp {
    /// Equal.
    Eq,
    /// Not equal.
    Neq,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
}

/// What becomes of the packet (`enum nft_verdicts`, `NF_ACCEPT`, `NF_DROP`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Ends this base chain; later ones still see the packet.
    Accept,
    /// Ends the packet.
    Drop,
    /// Goes on after the jump that led here, or ends the base chain.
    Return,
    /// Goes on in the named chain and comes back.
    Jump(Name),
    /// Goes on in the named chain and does not come back here.
    Goto(Name),
    /// A verdict that our rules do not use (the raw code).
    Other(u32),
}

/// How `reject` answers (`enum nft_reject_types`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectType {
    /// ICMP of the packet's own family, code of that family.
    Icmp,
    /// A TCP reset.
    TcpReset,
    /// ICMP of either family, code of `enum nft_reject_inet_code`.
    Icmpx,
    /// A type that our rules do not use.
    Other(u32),
}

/// `NFT_REJECT_ICMPX_ADMIN_PROHIBITED`.
pub const ICMPX_ADMIN_PROHIBITED: u8 = 3;

/// What a counter shows. All counts are equal: a rule is the same rule after it has counted.
#[derive(Debug, Clone, Copy, Default, Eq)]
pub struct Count {
    /// Packets so far.
    pub packets: u64,
    /// Bytes so far.
    pub bytes: u64,
}

impl PartialEq for Count {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// One expression of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// Loads a property of the packet.
    Meta {
        /// Which.
        key: MetaKey,
        /// Into this register.
        dreg: Reg,
    },
    /// Loads bytes of a header, in network byte order.
    Payload {
        /// Which header.
        base: PayloadBase,
        /// Bytes from its start.
        offset: u32,
        /// How many bytes.
        len: u32,
        /// Into this register.
        dreg: Reg,
    },
    /// Gives the packet a property.
    MetaSet {
        /// Which.
        key: MetaKey,
        /// From this register.
        sreg: Reg,
    },
    /// Loads a property of the connection.
    Ct {
        /// Which.
        key: CtKey,
        /// Into this register.
        dreg: Reg,
    },
    /// Gives the connection a property.
    CtSet {
        /// Which.
        key: CtKey,
        /// From this register.
        sreg: Reg,
    },
    /// Loads whether the packet's socket is transparent (`IP_TRANSPARENT`), 1 byte; ends the rule
    /// where there is none (`NFT_SOCKET_TRANSPARENT`). Before routing it looks the socket up.
    SocketTransparent {
        /// Into this register.
        dreg: Reg,
    },
    /// Loads the id of a cgroup v2 that the packet's socket belongs to, 8 bytes, host byte order
    /// (`NFT_SOCKET_CGROUPV2`, Linux 5.13).
    SocketCgroup {
        /// Which of the cgroups above the socket's own, counted from the root.
        level: u32,
        /// Into this register.
        dreg: Reg,
    },
    /// `dreg = (sreg & mask) ^ xor`.
    Bitwise {
        /// From this register.
        sreg: Reg,
        /// Into this register.
        dreg: Reg,
        /// The mask; its length is the operation's.
        mask: Vec<u8>,
        /// The other operand, as long as the mask.
        xor: Vec<u8>,
    },
    /// Goes on only if the register compares so.
    Cmp {
        /// The register.
        sreg: Reg,
        /// How.
        op: CmpOp,
        /// With what, in the byte order of what was loaded.
        data: Vec<u8>,
    },
    /// Goes on only if the set holds the register's value.
    Lookup {
        /// The register.
        sreg: Reg,
        /// The set's name.
        set: Name,
        /// `NFT_LOOKUP_F_INV`: goes on only if the set does not hold it.
        inverted: bool,
    },
    /// Loads a constant.
    Immediate {
        /// Into this register.
        dreg: Reg,
        /// The constant.
        data: Vec<u8>,
    },
    /// Ends the rule with a verdict.
    Verdict(Verdict),
    /// Counts.
    Counter(Count),
    /// Rewrites the destination to this host (`NAT_MANGLE`), nat chains only.
    Redirect {
        /// The register with the lowest port, network byte order.
        port_min: Option<Reg>,
        /// The register with the highest port.
        port_max: Option<Reg>,
        /// `NF_NAT_RANGE_*`; the kernel sets the one for ports itself.
        flags: u32,
    },
    /// Hands the packet to a local socket as it is, if there is one that may take it; else the rule
    /// ends here (`nft_tproxy.c`). Prerouting only.
    Tproxy {
        /// `NFPROTO_*`; 0 for both.
        family: u32,
        /// The register with the port of the listening socket, network byte order.
        port: Option<Reg>,
    },
    /// Keeps the packet out of connection tracking; works before it alone.
    Notrack,
    /// Refuses the packet and says so.
    Reject {
        /// How.
        kind: RejectType,
        /// ICMP code; 0 for a reset.
        code: u8,
    },
    /// An expression that our rules do not use, kept as it was read.
    Other {
        /// The kernel's name of it.
        name: String,
        /// Its attributes, raw.
        attributes: Vec<u8>,
    },
}
