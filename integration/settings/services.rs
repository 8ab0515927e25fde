//! `outbound.services`: exactly these addresses and ports, and what stands beside them.

use std::fmt::Write;

use nftdivert::demo::User;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{Fixture, Scene, assert_clean};
use nftdivert_integration::shell::nft_list;

use crate::scenery::{pod, world, world_on};

/// Others whom the peer answers for.
const OTHERS: [&str; 2] = ["198.16.0.1", "fd99::1"];
const BOTH: &str = "{address: 192.0.2.10, port: 80}, {address: '2001:db8::10', port: 80}";

fn fixture(outbound: &str) -> Fixture {
    let policy = format!("outbound: {{{outbound}}}");
    Fixture::start(&Scene { policy: &policy, world: &[80, 81, 82], ..Scene::default() })
}

#[test]
fn one_service_is_captured_and_nothing_else() {
    let fixture = fixture("services: [{address: 192.0.2.10, port: 80}]");
    let [v4, v6] = world();
    fixture.captured_outbound(User::APP, v4);
    fixture.direct(User::PROXY, v4, "world");
    fixture.direct(User::APP, v6, "world");
    fixture.direct(User::APP, world_on(81)[0], "world");
    fixture.direct(User::APP, at(OTHERS, 80)[0], "world");
    for to in pod() {
        fixture.captured_inbound(to);
        fixture.self_call(User::PROXY, to);
        fixture.direct(User::APP, to, "app");
    }
}

#[test]
fn services_of_both_families_are_captured_at_their_ports_alone() {
    let fixture = fixture(&format!("services: [{BOTH}, {{address: 192.0.2.10, port: 82}}]"));
    for to in world() {
        fixture.captured_outbound(User::APP, to);
        fixture.direct(User::PROXY, to, "world");
    }
    let [v4, v6] = world_on(82);
    fixture.captured_outbound(User::APP, v4);
    fixture.direct(User::APP, v6, "world");
    for to in world_on(81).into_iter().chain(at(OTHERS, 80)) {
        fixture.direct(User::APP, to, "world");
    }
}

#[test]
fn ranges_and_ports_stand_beside_services() {
    let ranges = "ranges: [198.16.0.0/16, 'fd99::/32'], includePorts: [82]";
    let fixture = fixture(&format!("{ranges}, services: [{BOTH}]"));
    let included = world().into_iter().chain(at(OTHERS, 81)).chain(world_on(82));
    for to in included {
        fixture.captured_outbound(User::APP, to);
    }
    for to in world_on(81).into_iter().chain(at(["198.17.0.1", "fd99:1::1"], 80)) {
        fixture.direct(User::APP, to, "world");
    }
}

#[test]
fn excluded_ports_and_ranges_are_stronger() {
    for excluded in ["excludePorts: [80]", "excludeRanges: [192.0.2.0/24, '2001:db8::/32']"] {
        let fixture = fixture(&format!("{excluded}, services: [{BOTH}]"));
        for to in world() {
            fixture.direct(User::APP, to, "world");
        }
    }
}

#[test]
fn without_ipv6_captured_its_services_are_direct() {
    for (ipv6, is_reached) in [("bypass", true), ("reject", false)] {
        let policy = format!("outbound: {{services: [{BOTH}]}}\nipv6: {ipv6}");
        let fixture = Fixture::new(&policy);
        let [v4, v6] = world();
        fixture.captured_outbound(User::APP, v4);
        if is_reached {
            fixture.direct(User::APP, v6, "world");
        }
    }
}

#[test]
fn ten_thousand_services_are_one_set_of_each_family() {
    let mut rows = String::new();
    for number in 0..5_000_u32 {
        let (high, low) = (number / 250, number % 250 + 1);
        let port = 80 + number % 2;
        writeln!(rows, "  - {{address: 198.16.{high}.{low}, port: {port}}}").unwrap();
        writeln!(rows, "  - {{address: 'fd99::{high:x}:{low:x}', port: {port}}}").unwrap();
    }
    let policy = format!("outbound:\n  services:\n{rows}");
    let world: &[u16] = &[80, 81];
    let fixture = Fixture::start(&Scene { policy: &policy, world, ..Scene::default() });
    assert_clean(&fixture.bed.pod, &policy);
    for to in [at(["198.16.0.1", "fd99::1"], 80), at(["198.16.19.250", "fd99::13:fa"], 81)].concat()
    {
        fixture.captured_outbound(User::APP, to);
    }
    // The neighbour's port, and one address further.
    let beside = [
        at(["198.16.0.1", "fd99::1"], 81),
        at(["198.16.19.250", "fd99::13:fa"], 80),
        at(["198.16.19.251", "fd99::13:fb"], 81),
    ];
    for to in beside.concat() {
        fixture.direct(User::APP, to, "world");
    }
    let listed = nft_list(&fixture.bed.pod, "table inet nftdivert");
    let is_rule = |line: &&str| line.contains("@services_ip");
    assert_eq!(listed.lines().filter(is_rule).count(), 2);
    assert_eq!(listed.matches("198.16.").count(), 5_000);
}
