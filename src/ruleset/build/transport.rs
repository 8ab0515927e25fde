//! Matches of ports, ICMPv6 types and TCP flags.

use super::super::{CmpOp, Name, PayloadBase};
use super::{ICMPV6, NFPROTO_IPV6, RuleBuilder, TCP};

/// `RST` in the byte of the TCP header that holds the flags.
const TCP_RST: u8 = 4;
/// `SYN` in that byte.
const TCP_SYN: u8 = 2;
/// `ACK` in that byte.
const TCP_ACK: u8 = 16;

impl RuleBuilder {
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

    /// The source port lies from `first` to `last`.
    #[must_use]
    pub fn sport_between(self, first: u16, last: u16) -> Self {
        let (first, last) = (first.to_be_bytes().to_vec(), last.to_be_bytes().to_vec());
        if first == last {
            return self.sport().cmp(CmpOp::Eq, first);
        }
        self.sport().cmp(CmpOp::Gte, first).cmp(CmpOp::Lte, last)
    }

    /// The source port is in the set.
    #[must_use]
    pub fn sport_in(self, set: &Name) -> Self {
        self.sport().lookup(set)
    }

    fn sport(self) -> Self {
        self.payload(PayloadBase::Transport, 0, 2)
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

    /// A TCP packet that does not open a connection.
    #[must_use]
    pub fn not_tcp_syn(self) -> Self {
        self.l4proto(TCP)
            .payload(PayloadBase::Transport, 13, 1)
            .masked(vec![TCP_SYN | TCP_ACK])
            .cmp(CmpOp::Neq, vec![TCP_SYN])
    }

    /// The packet that opens a TCP connection.
    #[must_use]
    pub fn tcp_syn(self) -> Self {
        self.l4proto(TCP)
            .payload(PayloadBase::Transport, 13, 1)
            .masked(vec![TCP_SYN | TCP_ACK])
            .cmp(CmpOp::Eq, vec![TCP_SYN])
    }
}
