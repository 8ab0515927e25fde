//! Matches of addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::{CmpOp, Expr, Name, PayloadBase, Reg};
use super::{NFPROTO_IPV4, NFPROTO_IPV6, RuleBuilder, TCP};

/// Which address of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}

impl RuleBuilder {
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

    /// The IPv6 address is in this prefix.
    #[must_use]
    pub fn ip6_prefix(self, side: Side, network: Ipv6Addr, bits: u8) -> Self {
        if bits >= 128 {
            return self.ip6(side, network);
        }
        let mask = Ipv6Addr::from(!(u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0)));
        self.address6(side).masked(mask.octets().to_vec()).cmp(CmpOp::Eq, network.octets().to_vec())
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

    /// The IPv4 destination and its TCP port are in the set of services.
    #[must_use]
    pub fn service4_in(self, set: &Name) -> Self {
        self.nfproto(NFPROTO_IPV4)
            .l4proto(TCP)
            .payload(PayloadBase::Network, 16, 4)
            .push(port_into(Reg::AFTER_4))
            .lookup(set)
    }

    /// The IPv6 destination and its TCP port are in the set of services.
    #[must_use]
    pub fn service6_in(self, set: &Name) -> Self {
        self.nfproto(NFPROTO_IPV6)
            .l4proto(TCP)
            .payload(PayloadBase::Network, 24, 16)
            .push(port_into(Reg::AFTER_16))
            .lookup(set)
    }
}

fn port_into(dreg: Reg) -> Expr {
    Expr::Payload { base: PayloadBase::Transport, offset: 2, len: 2, dreg }
}
