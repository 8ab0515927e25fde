//! What leaves by `lo`, and which part of 127.0.0.0/8 counts as the pod itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::demo::User;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::Fixture;

use crate::scenery::{localhost, pod, world};

#[test]
fn included_loopback_captures_the_apps_calls_to_the_pod() {
    let fixture = Fixture::new("outbound: {ranges: [127.0.0.0/8, 10.88.0.0/24, 'fd88::/64']}");
    for to in pod() {
        fixture.round_trip(to);
    }
    fixture.round_trip(at(["127.0.0.2"], 8080)[0]);
    for to in localhost() {
        fixture.direct(User::APP, to, "app");
        fixture.direct(User::PROXY, to, "app");
    }
    fixture.direct(User::APP, world()[0], "world");
}

#[test]
fn without_loopback_an_included_pod_address_stays_direct_by_lo() {
    let fixture = Fixture::new("outbound: {ranges: [10.88.0.0/24, 'fd88::/64']}");
    for to in pod() {
        fixture.direct(User::APP, to, "app");
    }
    for to in at(["10.88.0.1", "fd88::1"], 80) {
        fixture.captured_outbound(User::APP, to);
    }
}

#[test]
fn included_ipv6_loopback_captures_the_apps_calls_but_not_loopback_itself() {
    let fixture = Fixture::new("outbound: {ranges: ['::1', 'fd88::/64', 10.88.0.0/24]}");
    for to in pod() {
        fixture.round_trip(to);
    }
    for to in localhost() {
        fixture.direct(User::APP, to, "app");
    }
}

#[test]
fn loopback_that_is_included_beside_a_neighbouring_range_counts() {
    let ranges = "126.0.0.0/8, 127.0.0.0/8, 10.88.0.0/24";
    let fixture = Fixture::new(&format!("outbound: {{ranges: [{ranges}]}}"));
    fixture.round_trip(pod()[0]);
    fixture.round_trip(at(["127.0.0.2"], 8080)[0]);
    fixture.direct(User::APP, localhost()[0], "app");
}

#[test]
fn ranges_of_everything_leave_lo_alone() {
    for ranges in ["all", "[0.0.0.0/0, '::/0']"] {
        let fixture = Fixture::new(&format!("outbound: {{ranges: {ranges}}}"));
        for to in pod().into_iter().chain(localhost()) {
            fixture.direct(User::APP, to, "app");
        }
        fixture.direct(User::APP, at(["127.0.0.2"], 8080)[0], "app");
        for to in world() {
            fixture.captured_outbound(User::APP, to);
        }
    }
}

#[test]
fn the_proxys_other_loopback_addresses_are_the_pods() {
    let fixture = Fixture::new("");
    for to in at(["127.0.0.2", "127.255.255.254"], 8080) {
        fixture.self_call(User::PROXY, to);
        fixture.direct(User::APP, to, "app");
    }
}

#[test]
fn all_of_127_can_be_loopback() {
    let fixture = Fixture::new("outbound: {ranges: [127.0.0.0/8], loopback: 127.0.0.0/8}");
    for to in at(["127.0.0.1", "127.0.0.2", "127.128.0.1", "127.255.255.254"], 8080) {
        fixture.direct(User::APP, to, "app");
        fixture.direct(User::PROXY, to, "app");
    }
    fixture.self_call(User::PROXY, pod()[0]);
}

#[test]
fn half_of_127_can_be_loopback() {
    let fixture = Fixture::new("outbound: {ranges: [127.0.0.0/8], loopback: 127.0.0.0/9}");
    for to in at(["127.0.0.1", "127.0.0.2", "127.127.255.254"], 8080) {
        fixture.direct(User::APP, to, "app");
        fixture.direct(User::PROXY, to, "app");
    }
    for to in at(["127.128.0.1", "127.255.255.254"], 8080) {
        fixture.round_trip(to);
        fixture.self_call(User::PROXY, to);
    }
}

#[test]
fn one_other_address_can_be_loopback() {
    let fixture = Fixture::new("outbound: {ranges: [127.0.0.0/8], loopback: 127.0.0.2/32}");
    fixture.direct(User::APP, at(["127.0.0.2"], 8080)[0], "app");
    fixture.round_trip(at(["127.0.0.3"], 8080)[0]);
    fixture.self_call(User::PROXY, at(["127.0.0.1"], 8080)[0]);
}

#[test]
fn excludes_hold_for_what_comes_back_from_lo() {
    let ranges = "ranges: [127.0.0.0/8, 10.88.0.0/24]";
    let fixture = Fixture::new(&format!("outbound: {{{ranges}, excludeRanges: [127.0.0.2]}}"));
    fixture.direct(User::APP, at(["127.0.0.2"], 8080)[0], "app");
    fixture.round_trip(at(["127.0.0.3"], 8080)[0]);
    let fixture = Fixture::new(&format!("outbound: {{{ranges}, excludePorts: [8080]}}"));
    fixture.direct(User::APP, pod()[0], "app");
    fixture.direct(User::PROXY, pod()[0], "app");
}
