//! Tens of thousands of ranges and of ports.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use nftdivert::apply::{
    ApplyOptions, Captured, HostRule, LiveConnections, OtherMeshes, Outcome, RemoveOptions, Target,
    apply, remove,
};
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;
use nftdivert::words::Cidr;
use nftdivert_integration::fixture::policy;
use nftdivert_integration::shell::nft_list;

/// So many ranges, of both families, none of which touches another.
fn excluding(number: u32, shift: u32) -> CapturePolicy {
    let mut policy = CapturePolicy::default();
    let range = |index: u32| {
        let (half, host) = (index / 2, 1 + shift);
        if index.is_multiple_of(2) {
            Cidr::new(Ipv4Addr::from_bits(0x0a00_0000 + 4 * half + host).into(), 32)
        } else {
            let bits = 0xfd00 << 112 | u128::from(4 * half + host);
            Cidr::new(Ipv6Addr::from_bits(bits).into(), 128)
        }
    };
    policy.outbound.exclude_ranges = (0..number).map(|index| range(index).unwrap()).collect();
    policy
}

/// Every second port, beginning with this one: no two of them make a range.
fn every_second(first: u16) -> String {
    let mut ports = String::new();
    for port in (first..=65535).step_by(2) {
        write!(ports, "{port}, ").unwrap();
    }
    ports.trim_end_matches(", ").to_owned()
}

fn timed<T>(what: &str, job: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = job();
    println!("{what}: {:?}", start.elapsed());
    value
}

/// The whole life of a capture: one policy, then the other.
fn live(what: &str, one: &CapturePolicy, other: &CapturePolicy) {
    let place = Netns::anonymous().unwrap();
    let target = Target::other(place.try_clone().unwrap(), HostRule::Refuse);
    let options = ApplyOptions {
        source: "load".into(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    let put = |policy| apply(&target, policy, &options).unwrap().outcome;
    let is_clean = |policy| verify(&target, policy).unwrap().differences.is_empty();
    assert_eq!(timed(&format!("{what}: apply"), || put(one)), Outcome::Created);
    assert!(timed(&format!("{what}: verify"), || is_clean(one)));
    assert_eq!(timed(&format!("{what}: apply again"), || put(one)), Outcome::Unchanged);
    assert_eq!(timed(&format!("{what}: replace"), || put(other)), Outcome::Replaced);
    assert!(is_clean(other) && !is_clean(one));
    let options = RemoveOptions { captured: Captured::Cut, progress: &|_| () };
    assert!(timed(&format!("{what}: remove"), || remove(&target, &options)).unwrap().was_there);
    assert_eq!(nft_list(&place, "ruleset"), "");
}

#[test]
fn twenty_thousand_ranges() {
    live("20,000 ranges", &excluding(20_000, 0), &excluding(20_000, 1));
}

#[test]
fn a_hundred_thousand_ranges() {
    live("100,000 ranges", &excluding(100_000, 0), &excluding(100_000, 1));
}

#[test]
fn every_second_port_inbound() {
    let [even, odd] = [2, 1].map(|first| format!("inbound: {{ports: [{}]}}", every_second(first)));
    live("32,767 inbound ports", &policy(&even), &policy(&odd));
}

#[test]
fn every_second_port_excluded_outbound() {
    let text = |first| format!("outbound: {{excludePorts: [{}]}}", every_second(first));
    live("32,767 excluded ports", &policy(&text(2)), &policy(&text(1)));
}

#[test]
fn all_ports_as_one_range() {
    let all = policy("inbound: {ports: [1-65535]}\noutbound: {excludePorts: [1-65535]}");
    let others = policy("inbound: {ports: [2-65535]}\noutbound: {excludePorts: [1-65534]}");
    live("one range of all ports", &all, &others);
}
