//! Packets of the bed: drawn as numbers, and made of what the bed and the policy have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nftdivert::explain::{Addresses, Packet, Ports, Protocol, Socket, State, TCP_SYN, Way};
use nftdivert::policy::{CapturePolicy, InboundPorts};
use nftdivert::words::{Gid, PortSet, Service, Uid};
use proptest::prelude::*;

use crate::narrow::{IDS, PORTS};

/// What a packet is made of, as far as it was drawn.
#[derive(Debug, Clone)]
pub struct Draws {
    way: u8,
    udp: bool,
    ipv6: bool,
    address: usize,
    any: u32,
    port: usize,
    uid: usize,
    gid: usize,
    mark: usize,
    passthrough: bool,
}

/// So many packets.
pub fn draws(count: usize) -> impl Strategy<Value = Vec<Draws>> {
    let place = (0..3_u8, prop::bool::weighted(0.3), any::<bool>(), any::<usize>(), any::<u32>());
    let who = (any::<usize>(), any::<usize>(), any::<usize>(), any::<usize>());
    let one = (place, who, prop::bool::weighted(0.2)).prop_map(|(place, who, passthrough)| {
        let (way, udp, ipv6, address, any) = place;
        let (port, uid, gid, mark) = who;
        Draws { way, udp, ipv6, address, any, port, uid, gid, mark, passthrough }
    });
    prop::collection::vec(one, count)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }
}

/// A packet of the bed.
#[derive(Debug, Clone)]
pub struct Drawn {
    pub is_out: bool,
    /// By which it leaves or comes.
    pub interface: &'static str,
    pub transport: Transport,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub uid: u32,
    pub gid: u32,
    pub mark: u32,
}

const OUT_V4: [[u8; 4]; 9] = [
    [192, 0, 2, 10],
    [10, 88, 0, 1],
    [198, 18, 5, 5],
    [203, 0, 113, 7],
    [10, 99, 0, 1],
    [127, 0, 0, 1],
    [127, 1, 0, 1],
    [10, 88, 0, 2],
    [10, 99, 0, 2],
];
const OUT_V6: [&str; 8] =
    ["2001:db8::10", "fd88::1", "fd99::5", "fd89::1", "::1", "fd88::2", "fd89::2", "2001:db9::1"];
const PEERS_V4: [[u8; 4]; 4] = [[10, 88, 0, 1], [192, 0, 2, 10], [198, 18, 1, 1], [10, 99, 0, 1]];
const PEERS_V6: [&str; 4] = ["fd88::1", "2001:db8::10", "fd99::7", "fd89::1"];

impl Drawn {
    /// The packet that the draws make under this policy, with this port of its sender.
    pub fn of(draws: &Draws, policy: &CapturePolicy, sport: u16) -> Self {
        let is_out = draws.way > 0;
        let service = draws.service(policy).filter(|_| is_out);
        let to = service.map(|service| service.address());
        let (from, to, interface) = if is_out { draws.out(to) } else { draws.inward() };
        let port = service.map_or_else(|| draws.port(policy), |service| service.port().get());
        let transport = if draws.udp { Transport::Udp } else { Transport::Tcp };
        let pick = |pool: &[u32], place: usize| pool[place % pool.len()];
        Self {
            is_out,
            interface,
            transport,
            from: SocketAddr::new(from, sport),
            to: SocketAddr::new(to, port),
            uid: pick(&IDS, draws.uid),
            gid: pick(&IDS, draws.gid),
            mark: if is_out { pick(&marks(policy), draws.mark) } else { 0 },
        }
    }

    /// Whether it leaves the pod if it is let go.
    pub fn leaves(&self) -> bool {
        self.is_out && self.interface != "lo"
    }

    /// The packet as explain takes it.
    pub fn packet(&self) -> Packet {
        let ports = Ports { source: self.from.port(), destination: self.to.port() };
        let protocol = match self.transport {
            Transport::Tcp => Protocol::Tcp { ports, flags: TCP_SYN },
            Transport::Udp => Protocol::Udp { ports },
        };
        let interface = self.interface.parse().unwrap();
        let (uid, gid) = (Uid::new(self.uid).unwrap(), Gid::new(self.gid).unwrap());
        let socket = Some(Socket { uid, gid, class: None, cgroups: vec![] });
        let way = if self.is_out {
            Way::Out { oif: interface, socket }
        } else {
            Way::In { iif: interface }
        };
        let addresses = Addresses::new(self.from.ip(), self.to.ip()).unwrap();
        Packet { way, addresses, protocol, mark: self.mark, state: State::New }
    }
}

impl Draws {
    fn port(&self, policy: &CapturePolicy) -> u16 {
        let own = policy.proxy.ports;
        let mut pool = PORTS.to_vec();
        pool.extend([own.outbound, own.inbound, own.tunnel, own.dns].map(|port| port.get()));
        // Name queries are many, and so are neighbours of what is listed.
        pool.extend([53, 53, 53]);
        let inbound = match &policy.inbound.ports {
            InboundPorts::AllExcept(ports) | InboundPorts::Only(ports) => ports,
        };
        let lists = [inbound, &policy.outbound.include_ports, &policy.outbound.exclude_ports];
        pool.extend(lists.into_iter().flat_map(edges));
        pool[self.port % pool.len()]
    }

    /// A listed service, of a third of the packets.
    fn service(&self, policy: &CapturePolicy) -> Option<Service> {
        let all = &policy.outbound.services;
        let place = self.port.checked_rem(all.len())?;
        all.iter().nth(place).copied().filter(|_| self.address.is_multiple_of(3))
    }

    fn out(&self, to: Option<IpAddr>) -> (IpAddr, IpAddr, &'static str) {
        let to: IpAddr = to.unwrap_or_else(|| match (self.address % 10, self.ipv6) {
            (0, false) => Ipv4Addr::from_bits(11 << 24 | self.any >> 8).into(),
            (0, true) => Ipv6Addr::from_bits(0x2001 << 112 | u128::from(self.any)).into(),
            (place, false) => OUT_V4[place % OUT_V4.len()].into(),
            (place, true) => OUT_V6[place % OUT_V6.len()].parse().unwrap(),
        });
        let is_ipv6 = to.is_ipv6();
        let text = to.to_string();
        let (from, interface) = match text.as_str() {
            "127.0.0.1" | "127.1.0.1" => ("127.0.0.1", "lo"),
            "::1" => ("::1", "lo"),
            "10.88.0.2" | "10.99.0.2" | "fd88::2" | "fd89::2" => (text.as_str(), "lo"),
            "10.99.0.1" => ("10.99.0.2", "virt0"),
            "fd89::1" => ("fd89::2", "virt0"),
            _ if is_ipv6 => ("fd88::2", "eth0"),
            _ => ("10.88.0.2", "eth0"),
        };
        let from = match (interface, self.passthrough, is_ipv6) {
            ("lo", true, false) => "127.0.0.6",
            ("lo", true, true) => "::6",
            _ => from,
        };
        (from.parse().unwrap(), to, interface)
    }

    fn inward(&self) -> (IpAddr, IpAddr, &'static str) {
        let from: IpAddr = if self.ipv6 {
            PEERS_V6[self.address % PEERS_V6.len()].parse().unwrap()
        } else {
            PEERS_V4[self.address % PEERS_V4.len()].into()
        };
        let (to, interface) = match (self.any.is_multiple_of(4), self.ipv6) {
            (true, false) => ("10.99.0.2", "virt0"),
            (true, true) => ("fd89::2", "virt0"),
            (false, false) => ("10.88.0.2", "eth0"),
            (false, true) => ("fd88::2", "eth0"),
        };
        (from, to.parse().unwrap(), interface)
    }
}

fn marks(policy: &CapturePolicy) -> [u32; 7] {
    let tproxy = policy.inbound.tproxy;
    [0, 0, 0, 0x1_0000, 0x3_0000, tproxy.mark, tproxy.outbound_mark]
}

fn edges(ports: &PortSet) -> Vec<u16> {
    let around = |first: u16, last: u16| {
        [first.saturating_sub(1).max(1), first, last, last.saturating_add(1)]
    };
    ports.ranges().iter().flat_map(|r| around(r.first().get(), r.last().get())).collect()
}
