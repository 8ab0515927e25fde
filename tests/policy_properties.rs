//! What holds for every policy and for every text, and how long a large one may take.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use nftdivert::policy::{
    CapturePolicy, Counters, Identity, InboundPorts, IncludedRanges, Ipv6, LoopbackRange, Outbound,
    OutboundRanges, PassthroughSource, Proxy, ProxyPorts,
};
use nftdivert::words::{Cidr, CidrSet, Gid, IfName, Port, PortRange, PortSet, Uid};
use proptest::prelude::*;

fn port() -> impl Strategy<Value = Port> {
    (1..=u16::MAX).prop_map(|number| Port::new(number).unwrap())
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
    prop_oneof![v4, v6].prop_filter_map("mapped", |(address, len): (IpAddr, u8)| {
        Cidr::new(IpNet::new(address, len).unwrap().network(), len).ok()
    })
}

fn cidr_set() -> impl Strategy<Value = CidrSet> {
    prop::collection::vec(cidr(), 0..8).prop_map(|cidrs| cidrs.into_iter().collect())
}

fn included() -> impl Strategy<Value = IncludedRanges> {
    prop::collection::vec(cidr(), 0..8).prop_map(|cidrs| cidrs.into_iter().collect())
}

fn identity() -> impl Strategy<Value = Identity> {
    let ids = || prop::collection::btree_set(0..u32::MAX, 0..3);
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

fn outbound() -> impl Strategy<Value = Outbound> {
    let ranges = prop_oneof![Just(OutboundRanges::All), included().prop_map(OutboundRanges::Only)];
    let loopback = (any::<u32>(), 8..=32_u8).prop_map(|(host, len)| {
        let address = Ipv4Addr::from_bits(0x7f00_0000 | (host & 0x00ff_ffff));
        let net = IpNet::new(address.into(), len).unwrap();
        LoopbackRange::new(Cidr::new(net.network(), len).unwrap()).unwrap()
    });
    (ranges, cidr_set(), port_set(), port_set(), loopback).prop_map(
        |(ranges, exclude_ranges, include_ports, exclude_ports, loopback)| Outbound {
            ranges,
            exclude_ranges,
            include_ports,
            exclude_ports,
            loopback,
        },
    )
}

fn policy() -> impl Strategy<Value = CapturePolicy> {
    let inbound = prop_oneof![
        port_set().prop_map(InboundPorts::AllExcept),
        port_set().prop_map(InboundPorts::Only)
    ];
    let name = "[!#-~é\u{ad}\u{200b}\u{202e}\u{feff}\u{fffe}😀]{1,15}"
        .prop_filter_map("name", |text| text.parse::<IfName>().ok());
    let interfaces = prop::collection::btree_set(name, 0..4);
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

/// What policies are made of, so that a text of these gets past the first line.
const PIECES: &[&str] = &[
    "apiVersion: nftdivert/v1\n",
    "proxy:\n",
    "  uids: ",
    "inbound:\n",
    "  ports: ",
    "all",
    "[",
    "]",
    "{",
    "}",
    ",",
    ": ",
    "- ",
    "? ",
    "\n",
    "  ",
    "&a ",
    "*a",
    "!!str ",
    "<<: ",
    "|\n",
    ">\n",
    "\"",
    "'",
    "80",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\t",
    "\r\n",
    "*",
    "~",
    "\u{0}",
    "\u{feff}",
    "é",
    "\\x",
    "counters: on\n",
];

fn almost_yaml() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn canonical_text_reads_back(policy in policy()) {
        let text = policy.to_yaml();
        prop_assert_eq!(CapturePolicy::from_yaml(&text), Ok(policy), "{}", text);
    }

    #[test]
    fn no_text_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), text in any::<String>()) {
        let _ = CapturePolicy::from_yaml(&String::from_utf8_lossy(&bytes));
        let _ = CapturePolicy::from_yaml(&text);
    }

    #[test]
    fn nothing_like_yaml_panics(text in almost_yaml()) {
        let result = CapturePolicy::from_yaml(&text);
        prop_assert!(result.map_or_else(|error| !error.faults.is_empty(), |_| true));
    }
}

/// A hundred thousand ranges, none next to another.
fn many_ranges(separator: &str) -> String {
    let hosts = (0..100_000_u32).map(|n| Ipv4Addr::from_bits(0x0a00_0000 + 2 * n).to_string());
    hosts.collect::<Vec<String>>().join(separator)
}

#[test]
fn a_hundred_thousand_ranges_take_no_time() {
    // Work that grows with the square of the ranges takes minutes; a debug build takes a few seconds.
    let start = Instant::now();
    let head = "apiVersion: nftdivert/v1\noutbound:\n  ranges:";
    for text in [
        format!("{head} [{}]\n", many_ranges(", ")),
        format!("{head}\n  - {}\n", many_ranges("\n  - ")),
    ] {
        let policy = CapturePolicy::from_yaml(&text).unwrap();
        let again = CapturePolicy::from_yaml(&policy.to_yaml()).unwrap();
        assert_eq!(again, policy);
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
}
