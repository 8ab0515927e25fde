//! Any policy: few and many of everything, and the values at the edges more often than chance has
//! them.
#![allow(clippy::unwrap_used, reason = "what is drawn is valid")]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use nftdivert::policy::{
    CapturePolicy, Counters, Dns, Existing, Identity, Inbound, InboundMode, InboundPorts,
    IncludedGroups, IncludedRanges, Interfaces, Ipv6, LoopbackRange, Marks, Match, NameServers,
    Outbound, OutboundRanges, OwnerGroups, PassthroughSource, PortsByUid, Protocol, Proxy,
    ProxyPorts, Tproxy,
};
use nftdivert::words::{
    Cidr, CidrSet, Classid, Gid, IfName, Mark, Port, PortRange, PortSet, Service, Uid,
};
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

/// Marks above 16 bits: the TPROXY modes use lower ones here.
fn mark() -> impl Strategy<Value = Mark> {
    (1..=0xffff_u32, any::<u32>())
        .prop_filter_map("no mark", |(value, mask)| Mark::new(value << 16, mask | value << 16))
}

fn id() -> impl Strategy<Value = u32> {
    prop_oneof![1 => Just(0), 1 => Just(u32::MAX - 1), 6 => 0..u32::MAX]
}

fn uids() -> impl Strategy<Value = BTreeSet<Uid>> {
    prop::collection::btree_set(id().prop_filter_map("no id", Uid::new), 0..7)
}

fn gids() -> impl Strategy<Value = BTreeSet<Gid>> {
    prop::collection::btree_set(id().prop_filter_map("no id", Gid::new), 0..7)
}

fn identity() -> impl Strategy<Value = Identity> {
    let classid = prop::option::of((1..u32::MAX).prop_filter_map("no class", Classid::new));
    let matching = prop::sample::select(&Match::ALL);
    (uids(), gids(), prop::option::of(mark()), classid, matching).prop_filter_map(
        "nobody",
        |(uids, gids, mark, classid, matching)| {
            Identity::new(Marks { uids, gids, mark, classid, cgroup: None }, matching)
        },
    )
}

fn proxy() -> impl Strategy<Value = Proxy> {
    let ports = (port(), port(), port(), port()).prop_filter_map(
        "ports apart",
        |(outbound, inbound, tunnel, dns)| {
            let apart = tunnel != outbound && tunnel != inbound;
            let apart = apart && ![outbound, inbound, tunnel].contains(&dns);
            apart.then_some(ProxyPorts { outbound, inbound, tunnel, dns })
        },
    );
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

fn services() -> impl Strategy<Value = BTreeSet<Service>> {
    let address = prop_oneof![
        any::<u32>().prop_map(|n| IpAddr::from(Ipv4Addr::from_bits(n))),
        any::<u128>().prop_map(|n| IpAddr::from(Ipv6Addr::from_bits(n))),
    ];
    let service = (address, port()).prop_filter_map("mapped", |(a, p)| Service::new(a, p));
    let some = prop::collection::btree_set(service, 1..9);
    prop_oneof![3 => Just(BTreeSet::new()), 1 => some]
}

fn owner_groups() -> impl Strategy<Value = OwnerGroups> {
    let include =
        prop_oneof![2 => Just(IncludedGroups::All), 1 => gids().prop_map(IncludedGroups::Only)];
    (include, gids()).prop_map(|(include, mut exclude)| {
        if let IncludedGroups::Only(only) = &include {
            exclude.retain(|group| !only.contains(group));
        }
        OwnerGroups { include, exclude }
    })
}

fn ports_by_uid() -> impl Strategy<Value = PortsByUid> {
    let uid = id().prop_filter_map("no id", Uid::new);
    let item = (uid, prop::sample::select(&Protocol::ALL), port().prop_map(PortRange::from));
    prop::collection::vec(item, 0..4).prop_map(|items| items.into_iter().collect())
}

fn outbound() -> impl Strategy<Value = Outbound> {
    let ranges = prop_oneof![Just(OutboundRanges::All), included().prop_map(OutboundRanges::Only)];
    let ports = (port_set(), port_set(), ports_by_uid());
    (ranges, cidr_set(), ports, loopback(), services(), owner_groups()).prop_map(
        |(ranges, exclude_ranges, ports, loopback, services, owner_groups)| {
            let (include_ports, exclude_ports, exclude_ports_by_uid) = ports;
            // With every range captured, services would say nothing.
            let services = if ranges == OutboundRanges::All { BTreeSet::new() } else { services };
            Outbound {
                ranges,
                exclude_ranges,
                include_ports,
                exclude_ports,
                services,
                owner_groups,
                exclude_ports_by_uid,
                loopback,
            }
        },
    )
}

fn inbound() -> impl Strategy<Value = Inbound> {
    let ports = prop_oneof![
        port_set().prop_map(InboundPorts::AllExcept),
        port_set().prop_map(InboundPorts::Only)
    ];
    let tproxy = (1..=0x7fff_u32, 1..=252_u32).prop_map(|(mark, table)| Tproxy {
        mark,
        table,
        outbound_mark: mark + 0x8000,
    });
    let mode = prop::sample::select(&InboundMode::ALL);
    (mode, tproxy, ports, cidr_set(), any::<bool>()).prop_map(
        |(mode, tproxy, ports, exclude_sources, drop)| Inbound {
            mode,
            tproxy,
            ports,
            exclude_sources,
            drop_invalid: drop && mode != InboundMode::TproxyFast,
        },
    )
}

fn interfaces() -> impl Strategy<Value = Interfaces> {
    let name = "[!#-~é\u{ad}\u{200b}\u{202e}\u{feff}\u{fffe}😀]{1,15}"
        .prop_filter_map("name", |text| text.parse::<IfName>().ok());
    let names = prop::collection::btree_set(name, 0..12);
    names.prop_map(|names| {
        let (exclude, virtual_) = names.into_iter().partition(|name| name.as_str().len() % 2 == 0);
        Interfaces { exclude, virtual_ }
    })
}

fn dns() -> impl Strategy<Value = Dns> {
    let server = prop_oneof![
        any::<u32>().prop_map(|n| IpAddr::from(Ipv4Addr::from_bits(n))),
        (1..u16::MAX).prop_map(|n| IpAddr::from(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 1, n))),
    ];
    let servers = prop::collection::btree_set(server, 1..8);
    let only = servers.prop_map(|servers| Dns::Listed(NameServers::Only(servers)));
    prop_oneof![2 => Just(Dns::Off), 1 => Just(Dns::All), 1 => only]
}

/// Whether the kernel tells of a live socket that it is the proxy's.
fn is_known(proxy: &Proxy) -> bool {
    let marks = proxy.identity.marks();
    !marks.uids.is_empty() || marks.mark.is_some()
}

/// Whether a server is of a family that is captured.
fn is_captured(dns: &Dns, ipv6: Ipv6) -> bool {
    match dns {
        Dns::Listed(NameServers::Only(servers)) => {
            ipv6 == Ipv6::Capture || servers.iter().any(IpAddr::is_ipv4)
        }
        Dns::Off | Dns::All | Dns::Listed(NameServers::ResolvConf) => true,
    }
}

/// Any policy.
pub(crate) fn policy() -> impl Strategy<Value = CapturePolicy> {
    let modes = (prop::sample::select(&Ipv6::ALL), prop::sample::select(&Counters::ALL));
    let rest = (any::<bool>(), prop::sample::select(&Existing::ALL));
    (proxy(), inbound(), outbound(), interfaces(), dns(), modes, rest).prop_map(
        |(proxy, mut inbound, outbound, mut interfaces, dns, modes, rest)| CapturePolicy {
            interfaces: {
                if inbound.mode == InboundMode::TproxyFast {
                    interfaces.virtual_.clear();
                }
                interfaces
            },
            existing: if is_known(&proxy) { rest.1 } else { Existing::Keep },
            inbound: {
                // The tunnel port alone would be no port at all.
                let tunnel: PortSet = [PortRange::from(proxy.ports.tunnel)].into_iter().collect();
                if inbound.ports == InboundPorts::Only(tunnel) {
                    inbound.ports = InboundPorts::default();
                }
                inbound
            },
            dns: if is_captured(&dns, modes.0) { dns } else { Dns::Off },
            proxy,
            outbound,
            ipv6: modes.0,
            counters: modes.1,
            lo_notrack: rest.0,
        },
    )
}
