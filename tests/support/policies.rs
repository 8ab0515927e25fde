//! Any policy: few and many of everything, and the values at the edges more often than chance has
//! them.
#![allow(clippy::unwrap_used, reason = "what is drawn is valid")]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use nftdivert::policy::{
    CapturePolicy, Counters, Identity, InboundPorts, IncludedRanges, Ipv6, LoopbackRange, Outbound,
    OutboundRanges, PassthroughSource, Proxy, ProxyPorts,
};
use nftdivert::words::{Cidr, CidrSet, Gid, IfName, Port, PortRange, PortSet, Uid};
use proptest::prelude::*;

/// The lowest and the highest port, neighbours, and those of the default policy.
const EDGE_PORTS: [u16; 10] = [1, 2, 79, 80, 81, 4143, 15001, 15008, 65534, 65535];

/// Everything, neighbours that merge, one inside the other, loopback alone and within.
const EDGE_RANGES: [&str; 20] = [
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "0.0.0.0",
    "255.255.255.255",
    "10.0.0.0/8",
    "10.0.0.0/25",
    "10.0.0.128/25",
    "11.0.0.0/9",
    "127.0.0.0/8",
    "127.0.0.1",
    "126.0.0.0/7",
    "::/0",
    "::/1",
    "8000::/1",
    "::1",
    "::",
    "fd00::/8",
    "fd00::/9",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

fn port() -> impl Strategy<Value = Port> {
    prop_oneof![1 => prop::sample::select(&EDGE_PORTS), 3 => 1..=u16::MAX]
        .prop_map(|number| Port::new(number).unwrap())
}

fn port_set() -> impl Strategy<Value = PortSet> {
    let range = (port(), port()).prop_map(|(a, b)| PortRange::new(a.min(b), a.max(b)).unwrap());
    let small = port().prop_map(PortRange::from);
    prop::collection::vec(prop_oneof![1 => range, 5 => small], 0..8)
        .prop_map(|ranges| ranges.into_iter().collect())
}

fn cidr() -> impl Strategy<Value = Cidr> {
    let v4 = (any::<u32>(), 0..=32_u8).prop_map(|(n, len)| (Ipv4Addr::from_bits(n).into(), len));
    let v6 = (any::<u128>(), 0..=128_u8).prop_map(|(n, len)| (Ipv6Addr::from_bits(n).into(), len));
    let any = prop_oneof![v4, v6].prop_filter_map("mapped", |(address, len): (IpAddr, u8)| {
        Cidr::new(IpNet::new(address, len).unwrap().network(), len).ok()
    });
    let edge = prop::sample::select(&EDGE_RANGES).prop_map(|text| text.parse().unwrap());
    prop_oneof![1 => edge, 2 => any]
}

fn cidrs() -> impl Strategy<Value = Vec<Cidr>> {
    prop_oneof![3 => prop::collection::vec(cidr(), 0..4), 1 => prop::collection::vec(cidr(), 4..12)]
}

fn cidr_set() -> impl Strategy<Value = CidrSet> {
    cidrs().prop_map(|cidrs| cidrs.into_iter().collect())
}

fn included() -> impl Strategy<Value = IncludedRanges> {
    cidrs().prop_map(|cidrs| cidrs.into_iter().collect())
}

fn identity() -> impl Strategy<Value = Identity> {
    let id = || prop_oneof![1 => Just(0), 1 => Just(u32::MAX - 1), 6 => 0..u32::MAX];
    let ids = move || prop::collection::btree_set(id(), 0..7);
    (ids(), ids()).prop_filter_map("nobody", |(uids, gids)| {
        let uids: BTreeSet<Uid> = uids.into_iter().filter_map(Uid::new).collect();
        Identity::new(uids, gids.into_iter().filter_map(Gid::new).collect())
    })
}

fn proxy() -> impl Strategy<Value = Proxy> {
    let ports =
        (port(), port(), port()).prop_filter_map("tunnel", |(outbound, inbound, tunnel)| {
            let apart = tunnel != outbound && tunnel != inbound;
            apart.then_some(ProxyPorts { outbound, inbound, tunnel })
        });
    (identity(), ports, 2..255_u8, 2..u16::MAX).prop_map(|(identity, ports, a, b)| {
        let ipv4 = Ipv4Addr::new(127, 0, 0, a);
        let ipv6 = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, b);
        Proxy { identity, ports, passthrough: PassthroughSource { ipv4, ipv6 } }
    })
}

fn loopback() -> impl Strategy<Value = LoopbackRange> {
    let host = prop_oneof![1 => Just(0), 1 => Just(1), 4 => any::<u32>()];
    (host, 8..=32_u8).prop_map(|(host, len)| {
        let address = Ipv4Addr::from_bits(0x7f00_0000 | (host & 0x00ff_ffff));
        let net = IpNet::new(address.into(), len).unwrap();
        LoopbackRange::new(Cidr::new(net.network(), len).unwrap()).unwrap()
    })
}

fn outbound() -> impl Strategy<Value = Outbound> {
    let ranges = prop_oneof![Just(OutboundRanges::All), included().prop_map(OutboundRanges::Only)];
    (ranges, cidr_set(), port_set(), port_set(), loopback()).prop_map(
        |(ranges, exclude_ranges, include_ports, exclude_ports, loopback)| Outbound {
            ranges,
            exclude_ranges,
            include_ports,
            exclude_ports,
            loopback,
        },
    )
}

/// Any policy.
pub(crate) fn policy() -> impl Strategy<Value = CapturePolicy> {
    let inbound = prop_oneof![
        port_set().prop_map(InboundPorts::AllExcept),
        port_set().prop_map(InboundPorts::Only)
    ];
    let name = "[!#-~é\u{ad}\u{200b}\u{202e}\u{feff}\u{fffe}😀]{1,15}"
        .prop_filter_map("name", |text| text.parse::<IfName>().ok());
    let interfaces = prop::collection::btree_set(name, 0..7);
    let modes = (prop::sample::select(&Ipv6::ALL), prop::sample::select(&Counters::ALL));
    (proxy(), inbound, outbound(), interfaces, modes).prop_map(
        |(proxy, inbound, outbound, exclude_interfaces, (ipv6, counters))| CapturePolicy {
            proxy,
            inbound,
            outbound,
            exclude_interfaces,
            ipv6,
            counters,
        },
    )
}
