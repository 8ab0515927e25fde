//! Interfaces that are left alone, in both directions.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::os::fd::{AsFd, AsRawFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::demo::{Bed, User};
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::Fixture;
use nftdivert_integration::shell::ip;

use crate::scenery::{pod, world};

/// A second link between pod and peer, `side0` on both sides.
fn second_link(bed: &Bed) {
    let peer = format!("/proc/{}/fd/{}", std::process::id(), bed.peer.as_fd().as_raw_fd());
    ip(&bed.pod, &format!("link add side0 type veth peer name side0 netns {peer}"));
    for (place, host) in [(&bed.pod, 2), (&bed.peer, 1)] {
        ip(place, &format!("address add 10.89.0.{host}/24 dev side0"));
        ip(place, &format!("address add fd89::{host}/64 dev side0 nodad"));
        ip(place, "link set side0 up");
    }
    let limit = Instant::now() + Duration::from_secs(2);
    for place in [&bed.pod, &bed.peer] {
        while !ip(place, "link show side0").contains("state UP") {
            assert!(Instant::now() < limit, "side0 does not come up");
            sleep(Duration::from_millis(1));
        }
    }
}

fn fixture(names: &str) -> Fixture {
    let fixture = Fixture::new(&format!("interfaces: {{exclude: {names}}}"));
    second_link(&fixture.bed);
    fixture
}

const BESIDE_OUT: [&str; 2] = ["10.89.0.1", "fd89::1"];
const BESIDE_IN: [&str; 2] = ["10.89.0.2", "fd89::2"];

#[track_caller]
fn usual_link_is_captured(fixture: &Fixture) {
    for to in world() {
        fixture.captured_outbound(User::APP, to);
    }
    for to in pod() {
        fixture.captured_inbound(to);
    }
}

#[track_caller]
fn second_link_is_captured(fixture: &Fixture) {
    for to in at(BESIDE_OUT, 80) {
        fixture.captured_outbound(User::APP, to);
    }
    for to in at(BESIDE_IN, 8080) {
        fixture.captured_inbound(to);
    }
}

#[track_caller]
fn second_link_is_direct(fixture: &Fixture) {
    for to in at(BESIDE_OUT, 80) {
        fixture.direct(User::APP, to, "world");
    }
    for to in at(BESIDE_IN, 8080) {
        fixture.direct_inbound(to, "app");
    }
}

#[test]
fn every_interface_is_captured_where_none_is_excluded() {
    let fixture = fixture("[]");
    usual_link_is_captured(&fixture);
    second_link_is_captured(&fixture);
}

#[test]
fn an_excluded_interface_is_direct_both_ways() {
    let fixture = fixture("[side0]");
    usual_link_is_captured(&fixture);
    second_link_is_direct(&fixture);
}

#[test]
fn many_excluded_interfaces_are_direct_both_ways() {
    let fixture = fixture("[net1, side0, net2, net3, abcdefghijklmno]");
    usual_link_is_captured(&fixture);
    second_link_is_direct(&fixture);
}

#[test]
fn a_name_is_a_whole_name() {
    for names in ["[side, side00, ide0]", "[side, side00, ide0, s, si, sid]"] {
        let fixture = fixture(names);
        second_link_is_captured(&fixture);
    }
}

#[test]
fn an_excluded_lo_leaves_the_pods_calls_to_itself_alone() {
    let fixture = Fixture::new("interfaces: {exclude: [lo]}");
    usual_link_is_captured(&fixture);
    for to in pod() {
        fixture.direct(User::PROXY, to, "app");
        fixture.direct(User::APP, to, "app");
    }
}
