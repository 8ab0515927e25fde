//! From every policy to every other, and back to nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::apply::Outcome;
use nftdivert::demo::{Bed, BedOptions, Dial, EchoServer, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{assert_clean, put, take_away};
use nftdivert_integration::listing::{listed, planned};
use nftdivert_integration::shell::{lo_ipv6, nft_list, sysctl};

const LOOSE: &str = "netfilter/nf_conntrack_tcp_loose";

/// Policies, and the address that each of them needs on `lo`, as the kernel lists it.
const POLICIES: [(&str, Option<&str>); 17] = [
    ("", SIX),
    ("counters: on", SIX),
    ("ipv6: bypass", None),
    ("ipv6: reject\ninterfaces: {exclude: [a, b, c, d, e]}", None),
    ("proxy: {passthroughSource: {ipv6: 'fd00::6'}, uids: [1, 2, 3, 4, 5]}", OTHER),
    ("inbound: {ports: []}\noutbound: {ranges: []}", SIX),
    ("inbound: {ports: [80, 90, 100, 110, 120]}", SIX),
    ("inbound: {ports: [80, 90, 100, 110, 121]}\ncounters: on", SIX),
    ("inbound: {excludePorts: [1, 3, 5, 7, 9]}\nipv6: bypass", None),
    ("outbound: {ranges: [127.0.0.0/8, 10.0.0.0/8, 'fd00::/8'], includePorts: [80]}", SIX),
    ("outbound: {ranges: [10.0.0.0/9], excludeRanges: [10.1.0.0/16, 'fd00::/8']}", SIX),
    ("outbound: {excludePorts: [1, 3, 5, 7, 9]}\nipv6: reject\ncounters: on", None),
    ("inbound: {mode: tproxy}\ndns: {capture: all}", SIX),
    ("inbound: {mode: tproxyFast, ports: [80, 90, 100, 110, 120]}\nloNotrack: true", SIX),
    ("inbound: {mode: tproxy, excludeSources: [192.0.2.0/24]}\nipv6: bypass", None),
    ("dns: {capture: listed, servers: [192.0.2.53]}\nproxy: {mark: 0x10000/0x10000}", SIX),
    ("proxy: {ports: {outbound: 1, inbound: 1, tunnel: 2}, gids: [9, 8, 7, 6, 5, 4]}", SIX),
];
const SIX: Option<&str> = Some("00000000000000000000000000000006");
const OTHER: Option<&str> = Some("fd000000000000000000000000000006");

/// Every number below `count` next to every other one, in both orders, with few repetitions.
fn walk(count: usize) -> Vec<usize> {
    let mut steps = Vec::new();
    for one in 0..count {
        for other in one + 1..count {
            steps.extend([one, other]);
        }
    }
    steps.push(0);
    steps
}

#[track_caller]
fn is_in_force(place: &Netns, (text, address): (&str, Option<&str>), before: &[String]) {
    assert_clean(place, text);
    let mut wanted: Vec<String> = before.to_vec();
    wanted.extend(address.map(str::to_owned));
    let mut found = lo_ipv6(place);
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted, "{text}");
    assert_eq!(nft_list(place, "tables"), "table inet nftdivert\n");
}

#[test]
fn a_walk_takes_every_way() {
    let steps = walk(POLICIES.len());
    let mut ways: Vec<_> = steps.windows(2).map(|way| (way[0], way[1])).collect();
    ways.sort_unstable();
    ways.dedup();
    assert_eq!(ways.len(), POLICIES.len() * (POLICIES.len() - 1));
}

#[test]
fn nothing_of_the_former_policy_is_left() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let to = "127.0.0.1:8080".parse().unwrap();
    let _app = EchoServer::start(&bed.pod, User::APP, "app", &[to]).unwrap();
    let mut old = Dial::new(User::APP, to).open(&bed.pod).unwrap();
    let (addresses, loose) = (lo_ipv6(&bed.pod), sysctl(&bed.pod, LOOSE));
    assert_eq!(loose, "1");
    let mut outcome = Outcome::Created;
    for step in walk(POLICIES.len()) {
        let policy = POLICIES[step];
        let applied = put(&bed.pod, policy.0).unwrap();
        assert_eq!(applied.outcome, outcome, "{}", policy.0);
        assert_eq!(listed(&bed.pod), planned(&applied.plan), "{}", policy.0);
        drop(applied);
        is_in_force(&bed.pod, policy, &addresses);
        assert_eq!(sysctl(&bed.pod, LOOSE), "0", "a connection lives that began before");
        old.echo(b"still here").unwrap();
        outcome = Outcome::Replaced;
    }
    assert!(take_away(&bed.pod).unwrap().was_there);
    is_as_before(&bed.pod, &addresses, &loose);
    old.echo(b"still here").unwrap();
}

#[test]
fn from_every_policy_back_to_nothing() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let (addresses, loose) = (lo_ipv6(&bed.pod), sysctl(&bed.pod, LOOSE));
    for policy in POLICIES {
        assert_eq!(put(&bed.pod, policy.0).unwrap().outcome, Outcome::Created);
        is_in_force(&bed.pod, policy, &addresses);
        // Nothing lived before; but what is never tracked must not be taken for new either.
        let wanted = if policy.0.contains("tproxyFast") { "0" } else { &loose };
        assert_eq!(sysctl(&bed.pod, LOOSE), wanted, "{}", policy.0);
        assert!(take_away(&bed.pod).unwrap().was_there);
        is_as_before(&bed.pod, &addresses, &loose);
    }
    assert!(!take_away(&bed.pod).unwrap().was_there);
}

#[test]
fn an_address_that_was_there_before_stays() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    nftdivert_integration::shell::ip(&bed.pod, "-6 address add ::6/128 dev lo nodad");
    let addresses = lo_ipv6(&bed.pod);
    put(&bed.pod, "").unwrap();
    put(&bed.pod, "ipv6: bypass").unwrap();
    assert_eq!(lo_ipv6(&bed.pod), addresses);
    put(&bed.pod, "").unwrap();
    take_away(&bed.pod).unwrap();
    is_as_before(&bed.pod, &addresses, "1");
}

#[track_caller]
fn is_as_before(place: &Netns, addresses: &[String], loose: &str) {
    assert_eq!(nft_list(place, "ruleset"), "");
    assert_eq!(lo_ipv6(place), addresses);
    assert_eq!(sysctl(place, LOOSE), loose);
}
