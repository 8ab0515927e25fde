//! Policies that have the addresses, interfaces, ports and ids of the bed in them more often than
//! chance has them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nftdivert::policy::{
    CapturePolicy, Dns, Identity, InboundPorts, IncludedGroups, LoopbackRange, Marks, Match,
    NameServers, OutboundRanges, OwnerGroups, PassthroughSource, PortsByUid, Protocol,
};
use nftdivert::words::{Cidr, CidrSet, Gid, IfName, Mark, Port, PortRange, PortSet, Service, Uid};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::policies;

pub const PORTS: [u16; 12] = [1, 53, 80, 81, 443, 8080, 8081, 9000, 15001, 15006, 15008, 65535];
pub const IDS: [u32; 5] = [0, 1000, 1337, 2000, 4_294_967_294];
const MARKS: [(u32, u32); 3] =
    [(0x1_0000, 0xffff_ffff), (0x1_0000, 0xff_0000), (0x2_0000, 0x2_0000)];
const LOOPBACKS: [&str; 3] = ["127.0.0.1/32", "127.0.0.0/8", "127.0.0.0/16"];
const INTERFACES: [&str; 3] = ["eth0", "virt0", "lo"];
const RANGES: [&str; 18] = [
    "0.0.0.0/0",
    "::/0",
    "10.88.0.0/24",
    "10.88.0.2",
    "10.88.0.1",
    "10.99.0.0/24",
    "192.0.2.0/24",
    "192.0.2.10",
    "198.16.0.0/14",
    "198.18.0.0/15",
    "127.0.0.0/8",
    "127.0.0.1",
    "fd88::/64",
    "fd88::2",
    "2001:db8::/32",
    "2001:db8::10",
    "fd99::/16",
    "::1",
];
const SERVERS: [&str; 5] = ["192.0.2.10", "10.88.0.1", "127.0.0.1", "2001:db8::10", "fd88::1"];

fn some<T: Clone + std::fmt::Debug + 'static>(
    pool: &[T],
    most: usize,
) -> impl Strategy<Value = Vec<T>> + use<T> {
    subsequence(pool.to_vec(), 0..=most.min(pool.len()))
}

fn ports(most: usize) -> impl Strategy<Value = PortSet> {
    let range = (select(&PORTS), select(&PORTS)).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let single = select(&PORTS).prop_map(|port| (port, port));
    let port = |number| Port::new(number).unwrap();
    prop::collection::vec(prop_oneof![1 => range, 20 => single], 0..=most).prop_map(move |ranges| {
        ranges.into_iter().map(|(a, b)| PortRange::new(port(a), port(b)).unwrap()).collect()
    })
}

fn cidrs() -> impl Strategy<Value = Vec<Cidr>> {
    some(&RANGES, 5).prop_map(|all| all.into_iter().map(|text| text.parse().unwrap()).collect())
}

fn cidr_set() -> impl Strategy<Value = CidrSet> {
    // What leaves all out leaves nothing to be seen.
    cidrs().prop_map(|all| all.into_iter().filter(|cidr| cidr.prefix_len() > 0).take(3).collect())
}

fn uids() -> impl Strategy<Value = BTreeSet<Uid>> {
    some(&IDS, 2).prop_map(|ids| ids.into_iter().filter_map(Uid::new).collect())
}

fn gids() -> impl Strategy<Value = BTreeSet<Gid>> {
    some(&IDS, 2).prop_map(|ids| ids.into_iter().filter_map(Gid::new).collect())
}

fn identity() -> impl Strategy<Value = Identity> {
    let mark = prop::option::of(select(&MARKS));
    let mark = mark.prop_map(|mark| mark.and_then(|(value, mask)| Mark::new(value, mask)));
    (uids(), gids(), mark, select(&Match::ALL)).prop_filter_map(
        "nobody",
        |(uids, gids, mark, matching)| {
            Identity::new(Marks { uids, gids, mark, classid: None, cgroup: None }, matching)
        },
    )
}

fn services() -> impl Strategy<Value = BTreeSet<Service>> {
    let address = select(&SERVERS).prop_map(|text| text.parse::<IpAddr>().unwrap());
    let service = (address, select(&PORTS));
    prop::collection::btree_set(service, 0..9).prop_map(|all| {
        all.into_iter().filter_map(|(a, p)| Service::new(a, Port::new(p).unwrap())).collect()
    })
}

fn groups() -> impl Strategy<Value = OwnerGroups> {
    let include =
        prop_oneof![3 => Just(IncludedGroups::All), 1 => gids().prop_map(IncludedGroups::Only)];
    (include, gids()).prop_map(|(include, mut exclude)| {
        if let IncludedGroups::Only(only) = &include {
            exclude.retain(|group| !only.contains(group));
        }
        OwnerGroups { include, exclude }
    })
}

fn by_uid() -> impl Strategy<Value = PortsByUid> {
    let item = (select(&IDS), select(&Protocol::ALL), select(&PORTS));
    prop::collection::vec(item, 0..4).prop_map(|items| {
        let port = |number| PortRange::from(Port::new(number).unwrap());
        items.into_iter().map(|(id, of, p)| (Uid::new(id).unwrap(), of, port(p))).collect()
    })
}

fn dns() -> impl Strategy<Value = Dns> {
    let servers = subsequence(SERVERS.to_vec(), 1..4);
    let servers =
        servers.prop_map(|all| all.into_iter().map(|text| text.parse().unwrap()).collect());
    let listed = servers.prop_map(|servers| Dns::Listed(NameServers::Only(servers)));
    prop_oneof![1 => Just(Dns::Off), 1 => Just(Dns::All), 1 => listed]
}

/// Any policy, narrowed.
pub fn policy() -> impl Strategy<Value = CapturePolicy> {
    let proxy = (identity(), dns(), select(&LOOPBACKS));
    let inbound = prop_oneof![
        ports(5).prop_map(InboundPorts::AllExcept),
        ports(5).prop_map(InboundPorts::Only)
    ];
    let ranges = prop_oneof![
        Just(OutboundRanges::All),
        cidrs().prop_map(|all| OutboundRanges::Only(all.into_iter().collect())),
    ];
    let interfaces = (some(&INTERFACES, 1), some(&INTERFACES[1..2], 1));
    let outbound = (ranges, cidr_set(), ports(3), ports(2), by_uid(), services(), groups());
    (policies::policy(), proxy, inbound, cidr_set(), outbound, interfaces).prop_map(
        |(mut policy, proxy, inbound, sources, outbound, interfaces)| {
            policy.proxy.identity = proxy.0;
            policy.proxy.passthrough = PassthroughSource {
                ipv4: Ipv4Addr::new(127, 0, 0, 6),
                ipv6: Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6),
            };
            policy.dns = proxy.1;
            policy.inbound.ports = inbound;
            policy.inbound.exclude_sources = sources;
            let own = &mut policy.outbound;
            own.loopback = LoopbackRange::new(proxy.2.parse().unwrap()).unwrap();
            (own.ranges, own.exclude_ranges) = (outbound.0, outbound.1);
            (own.include_ports, own.exclude_ports) = (outbound.2, outbound.3);
            (own.exclude_ports_by_uid, own.owner_groups) = (outbound.4, outbound.6);
            own.services =
                if own.ranges == OutboundRanges::All { BTreeSet::new() } else { outbound.5 };
            let names = |all: &[&str]| -> BTreeSet<IfName> {
                all.iter().map(|name| name.parse().unwrap()).collect()
            };
            policy.interfaces.exclude = names(&interfaces.0);
            policy.interfaces.virtual_ = names(&interfaces.1);
            let exclude = policy.interfaces.exclude.clone();
            policy.interfaces.virtual_.retain(|name| !exclude.contains(name));
            policy
        },
    )
}
