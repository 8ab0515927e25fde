//! Ports on the way out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::demo::User;
use nftdivert_integration::fixture::{Fixture, Scene};

use crate::scenery::{pod, world_on};

/// Lone ports and ranges, with their neighbours on both sides.
const MANY: &str = "[22, 80-90, 443, 1000-1010, 5432, 9000]";
const INSIDE: [u16; 9] = [22, 80, 85, 90, 443, 1000, 1010, 5432, 9000];
const OUTSIDE: [u16; 10] = [21, 23, 79, 91, 442, 444, 999, 1011, 5431, 9001];

fn fixture(policy: &str) -> Fixture {
    let world: Vec<u16> = INSIDE.into_iter().chain(OUTSIDE).collect();
    Fixture::start(&Scene { policy, world: &world, ..Scene::default() })
}

#[track_caller]
fn all_captured(fixture: &Fixture, ports: &[u16]) {
    for to in ports.iter().flat_map(|port| world_on(*port)) {
        fixture.captured_outbound(User::APP, to);
    }
}

#[track_caller]
fn all_direct(fixture: &Fixture, ports: &[u16]) {
    for to in ports.iter().flat_map(|port| world_on(*port)) {
        fixture.direct(User::APP, to, "world");
    }
}

#[test]
fn a_few_excluded_ports_are_direct() {
    let fixture = fixture("outbound: {excludePorts: [80-90, 443]}");
    all_direct(&fixture, &[80, 85, 90, 443]);
    all_captured(&fixture, &[79, 91, 442, 444]);
}

#[test]
fn many_excluded_ports_are_direct() {
    let fixture = fixture(&format!("outbound: {{excludePorts: {MANY}}}"));
    all_direct(&fixture, &INSIDE);
    all_captured(&fixture, &OUTSIDE);
}

#[test]
fn a_few_included_ports_are_captured_alone() {
    let fixture = fixture("outbound: {ranges: [], includePorts: [80-90, 443]}");
    all_captured(&fixture, &[80, 85, 90, 443]);
    all_direct(&fixture, &[79, 91, 442, 444]);
}

#[test]
fn many_included_ports_are_captured_alone() {
    let fixture = fixture(&format!("outbound: {{ranges: [], includePorts: {MANY}}}"));
    all_captured(&fixture, &INSIDE);
    all_direct(&fixture, &OUTSIDE);
    for to in world_on(80) {
        fixture.direct(User::PROXY, to, "world");
    }
}

#[test]
fn excluded_ports_beat_included_ports_and_ranges() {
    let text = "outbound: {ranges: all, includePorts: [80, 443], excludePorts: [80]}";
    let everywhere = fixture(text);
    all_direct(&everywhere, &[80]);
    all_captured(&everywhere, &[443, 444]);
    let ranges = "ranges: [192.0.2.0/24, '2001:db8::/32']";
    let text = format!("outbound: {{{ranges}, includePorts: [80, 443], excludePorts: [80]}}");
    let listed = fixture(&text);
    all_direct(&listed, &[80]);
    all_captured(&listed, &[443, 444]);
}

#[test]
fn an_excluded_port_is_direct_for_the_pods_calls_to_itself() {
    let fixture = fixture("outbound: {excludePorts: [8080]}");
    for to in pod() {
        fixture.direct(User::PROXY, to, "app");
    }
}

#[test]
fn the_first_and_the_last_port_can_be_said() {
    let scene = |policy| Scene { policy, world: &[1, 2, 65534, 65535], ..Scene::default() };
    let few = Fixture::start(&scene("outbound: {excludePorts: [1, 65535]}"));
    all_direct(&few, &[1, 65535]);
    all_captured(&few, &[2, 65534]);
    let many = "outbound: {ranges: [], includePorts: [1, 3, 5, 7, 65535]}";
    let many = Fixture::start(&scene(many));
    all_captured(&many, &[1, 65535]);
    all_direct(&many, &[2, 65534]);
    let every = Fixture::start(&scene("outbound: {ranges: [], includePorts: [1-65535]}"));
    all_captured(&every, &[1, 2, 65534, 65535]);
}
