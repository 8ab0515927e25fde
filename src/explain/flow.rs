//! A packet on its way: what rules may load of it at this moment, and what they change.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::header;
use super::packet::{Addresses, Packet, Ports, Protocol, Socket, State, Way};
use crate::ruleset::Hook;
use crate::ruleset::build::{CT_STATE_INVALID, CT_STATE_NEW, IPS_DST_NAT, LOOPBACK_IFINDEX};

/// `NF_CT_STATE_BIT(IP_CT_ESTABLISHED)`.
const CT_STATE_ESTABLISHED: u32 = 2;
/// `NF_CT_STATE_UNTRACKED_BIT`.
const CT_STATE_UNTRACKED: u32 = 1 << 6;
/// An index that no interface has: of others than `lo` it is not known.
const UNKNOWN_IFINDEX: u32 = u32::MAX;
const LO: &str = "lo";

/// Where connection tracking stands with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracking {
    /// It has not seen the packet.
    Ahead,
    /// It has not seen it either, and knows the zone to look in (`nf_ct_is_template`).
    Zoned(u16),
    /// It has seen it, and found or made a connection.
    Found(Connection),
    /// It has seen it, and knows nothing of it.
    Invalid,
    /// It will not see it.
    Untracked,
}

/// The connection of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) is_new: bool,
    pub(super) is_redirected: bool,
    pub(super) mark: u32,
    pub(super) zone: u16,
}

/// A packet on its way.
#[derive(Debug, Clone)]
pub(super) struct Flow<'a> {
    pub(super) hook: Hook,
    pub(super) iif: Option<&'a str>,
    pub(super) oif: Option<&'a str>,
    pub(super) socket: Option<&'a Socket>,
    pub(super) addresses: Addresses,
    pub(super) protocol: Protocol,
    pub(super) mark: u32,
    pub(super) tracking: Tracking,
    /// The headers' bytes, as the addresses and ports are now.
    pub(super) network: Vec<u8>,
    pub(super) transport: Vec<u8>,
    state: State,
}

impl<'a> Flow<'a> {
    pub(super) fn new(packet: &'a Packet) -> Self {
        let (hook, iif, oif, socket) = match &packet.way {
            Way::In { iif } => (Hook::Prerouting, Some(iif.as_str()), None, None),
            Way::Out { oif, socket } => (Hook::Output, None, Some(oif.as_str()), socket.as_ref()),
        };
        Self {
            hook,
            iif,
            oif,
            socket,
            addresses: packet.addresses,
            protocol: packet.protocol,
            mark: packet.mark,
            tracking: Tracking::Ahead,
            network: header::network(&packet.addresses, packet.protocol),
            transport: header::transport(packet.protocol),
            state: packet.state,
        }
    }

    /// Goes on to the next hook. What leaves by `lo` comes in again there, without its socket
    /// (`loopback_xmit`), but with its mark and its connection.
    pub(super) fn enter(&mut self, hook: Hook) {
        match hook {
            Hook::Postrouting if self.is_redirected() => self.oif = Some(LO),
            Hook::Prerouting if self.hook != Hook::Prerouting => {
                (self.iif, self.oif, self.socket) = (Some(LO), None, None);
            }
            Hook::Prerouting
            | Hook::Input
            | Hook::Forward
            | Hook::Output
            | Hook::Postrouting
            | Hook::Other(_) => {}
        }
        self.hook = hook;
    }

    /// Whether it comes in again by `lo`.
    pub(super) fn leaves_by_lo(&self) -> bool {
        self.oif == Some(LO)
    }

    /// Connection tracking sees the packet, unless it has seen it or shall not.
    pub(super) fn track(&mut self) {
        let zone = match self.tracking {
            Tracking::Ahead => 0,
            Tracking::Zoned(zone) => zone,
            Tracking::Found(_) | Tracking::Invalid | Tracking::Untracked => return,
        };
        let found =
            |is_new| Tracking::Found(Connection { is_new, is_redirected: false, mark: 0, zone });
        self.tracking = match self.state {
            State::New if self.is_discovery() => Tracking::Untracked,
            State::New => found(true),
            State::Established => found(false),
            State::Invalid => Tracking::Invalid,
        };
    }

    /// Neighbour and multicast listener discovery is never tracked (`noct_valid_new` of
    /// `nf_conntrack_proto_icmpv6.c`).
    fn is_discovery(&self) -> bool {
        let is_ipv6 = matches!(self.addresses, Addresses::V6 { .. });
        is_ipv6 && matches!(self.protocol, Protocol::Icmp { kind: 130..=136 | 143 })
    }

    /// The connection; none while connection tracking has not seen the packet.
    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.tracking {
            Tracking::Found(connection) => Some(connection),
            Tracking::Ahead | Tracking::Zoned(_) | Tracking::Invalid | Tracking::Untracked => None,
        }
    }

    pub(super) fn is_redirected(&self) -> bool {
        matches!(self.tracking, Tracking::Found(Connection { is_redirected: true, .. }))
    }

    /// Whether nat chains see it: the first packet of a connection that is not rewritten yet. What
    /// comes in again by `lo` was decided when it left.
    pub(super) fn is_for_nat(&self) -> bool {
        let is_first = matches!(
            self.tracking,
            Tracking::Found(Connection { is_new: true, is_redirected: false, .. })
        );
        let comes_again = self.hook != Hook::Output && self.iif == Some(LO);
        is_first && !comes_again
    }

    /// The bits of `ct state`, which exist without a connection too (`nft_ct_get_eval`).
    pub(super) fn state_bits(&self) -> u32 {
        match self.tracking {
            Tracking::Found(Connection { is_new: true, .. }) | Tracking::Zoned(_) => CT_STATE_NEW,
            Tracking::Found(Connection { is_new: false, .. }) => CT_STATE_ESTABLISHED,
            Tracking::Ahead | Tracking::Invalid => CT_STATE_INVALID,
            Tracking::Untracked => CT_STATE_UNTRACKED,
        }
    }

    /// The bits of `ct status`, of which rewriting is the one that is followed.
    pub(super) fn status_bits(&mut self) -> Option<u32> {
        let redirected = self.connection()?.is_redirected;
        Some(if redirected { IPS_DST_NAT } else { 0 })
    }

    /// Rewrites the destination: what is sent goes to the loopback address, what comes stays with
    /// the address that it came to (`nf_nat_redirect`), which is taken to be the interface's.
    pub(super) fn redirect(&mut self, port: u16) {
        if let Some(connection) = self.connection() {
            connection.is_redirected = true;
        }
        if self.hook == Hook::Output {
            match &mut self.addresses {
                Addresses::V4 { destination, .. } => *destination = Ipv4Addr::LOCALHOST,
                Addresses::V6 { destination, .. } => *destination = Ipv6Addr::LOCALHOST,
            }
        }
        if let Protocol::Tcp { ports, .. } | Protocol::Udp { ports } = &mut self.protocol {
            *ports = Ports { destination: port, ..*ports };
        }
        self.network = header::network(&self.addresses, self.protocol);
        self.transport = header::transport(self.protocol);
    }
}

/// The index of an interface; 0 where there is none.
pub(super) fn index(interface: Option<&str>) -> u32 {
    match interface {
        None => 0,
        Some(LO) => LOOPBACK_IFINDEX,
        Some(_) => UNKNOWN_IFINDEX,
    }
}
