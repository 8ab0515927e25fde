//! Ranges of destinations.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::demo::User;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{Fixture, Scene};

use crate::scenery::{pod, world, world_on};

/// Two neighbours that make a range which is no prefix: .0 to .191 and ::0 to ::bf.
const MERGED: &str = "198.18.0.0/25, 198.18.0.128/26, 'fd99::/121', 'fd99::80/122'";
const INSIDE: [&str; 6] =
    ["198.18.0.0", "198.18.0.127", "198.18.0.191", "fd99::", "fd99::80", "fd99::bf"];
const OUTSIDE: [&str; 4] = ["198.17.255.255", "198.18.0.192", "fd99::c0", "fd99:1::"];

#[test]
fn a_list_of_ranges_captures_exactly_those() {
    let fixture = Fixture::new(&format!("outbound: {{ranges: [{MERGED}]}}"));
    for to in at(INSIDE, 80) {
        fixture.captured_outbound(User::APP, to);
        fixture.direct(User::PROXY, to, "world");
    }
    for to in at(OUTSIDE, 80) {
        fixture.direct(User::APP, to, "world");
    }
}

#[test]
fn a_list_of_excluded_ranges_leaves_out_exactly_those() {
    let fixture = Fixture::new(&format!("outbound: {{excludeRanges: [{MERGED}]}}"));
    for to in at(INSIDE, 80) {
        fixture.direct(User::APP, to, "world");
    }
    for to in at(OUTSIDE, 80) {
        fixture.captured_outbound(User::APP, to);
    }
}

#[test]
fn one_address_is_a_range() {
    let fixture = Fixture::new("outbound: {ranges: [192.0.2.10/32, '2001:db8::10']}");
    for to in world() {
        fixture.captured_outbound(User::APP, to);
    }
    for to in at(["198.18.0.1", "198.51.100.10", "fd99::1", "2001:db8:1::10"], 80) {
        fixture.direct(User::APP, to, "world");
    }
}

#[test]
fn ranges_of_one_family_say_nothing_of_the_other() {
    let v4 = Fixture::new("outbound: {ranges: [0.0.0.0/0]}");
    v4.captured_outbound(User::APP, world()[0]);
    v4.direct(User::APP, world()[1], "world");
    let v6 = Fixture::new("outbound: {ranges: ['::/0']}");
    v6.direct(User::APP, world()[0], "world");
    v6.captured_outbound(User::APP, world()[1]);
    let without_v4 = Fixture::new("outbound: {excludeRanges: [0.0.0.0/0]}");
    without_v4.direct(User::APP, world()[0], "world");
    without_v4.captured_outbound(User::APP, world()[1]);
}

#[test]
fn excluding_everything_captures_nothing() {
    let fixture = Fixture::new("outbound: {excludeRanges: [0.0.0.0/0, '::/0']}");
    for to in world() {
        fixture.direct(User::APP, to, "world");
    }
    for to in pod() {
        fixture.captured_inbound(to);
        fixture.self_call(User::PROXY, to);
    }
}

#[test]
fn excluded_ranges_beat_included_ports_and_ranges() {
    let excluded = "excludeRanges: [198.51.100.0/24, '2001:db8:1::/48']";
    for included in [
        "ranges: []",
        "ranges: [192.0.0.0/2, '2001:db8::/32']",
        "ranges: [198.51.100.10, '2001:db8:1::10', 192.0.2.10, '2001:db8::10']",
        "ranges: all",
    ] {
        let policy = format!("outbound: {{{included}, includePorts: [80], {excluded}}}");
        let fixture = Fixture::new(&policy);
        for to in at(["198.51.100.10", "2001:db8:1::10"], 80) {
            fixture.direct(User::APP, to, "world");
        }
        for to in world() {
            fixture.captured_outbound(User::APP, to);
        }
    }
}

#[test]
fn included_ports_add_to_ranges() {
    let policy = "outbound: {ranges: [198.18.0.0/24, 'fd99::/64'], includePorts: [443]}";
    let scene = Scene { policy, world: &[80, 443], ..Scene::default() };
    let fixture = Fixture::start(&scene);
    for to in at(["198.18.0.1", "fd99::1"], 80).into_iter().chain(world_on(443)) {
        fixture.captured_outbound(User::APP, to);
    }
    for to in world_on(80) {
        fixture.direct(User::APP, to, "world");
    }
}
