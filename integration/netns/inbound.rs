//! What comes to the pod.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert_integration::fixture::{Fixture, Scene};

use crate::scenery::pod_on;

const MANY: &str = "[80-90, 443, 1000-1010, 5432, 9000]";
const INSIDE: [u16; 8] = [80, 85, 90, 443, 1000, 1010, 5432, 9000];
const OUTSIDE: [u16; 9] = [79, 91, 442, 444, 999, 1011, 5431, 5433, 9001];

fn fixture(policy: &str) -> Fixture {
    let usual = [8080, 15007, 15008, 15009, 15020, 15021, 15090];
    let app: Vec<u16> = INSIDE.into_iter().chain(OUTSIDE).chain(usual).collect();
    Fixture::start(&Scene { policy, app: &app, ..Scene::default() })
}

#[track_caller]
fn all_captured(fixture: &Fixture, ports: &[u16]) {
    for to in ports.iter().flat_map(|port| pod_on(*port)) {
        fixture.captured_inbound(to);
    }
}

#[track_caller]
fn all_direct(fixture: &Fixture, ports: &[u16]) {
    for to in ports.iter().flat_map(|port| pod_on(*port)) {
        fixture.direct_inbound(to, "app");
    }
}

#[test]
fn every_port_is_captured_but_the_proxys_own() {
    let fixture = fixture("");
    all_captured(&fixture, &[8080, 80, 15007, 15009]);
    all_direct(&fixture, &[15008, 15020, 15021, 15090]);
}

#[test]
fn a_few_excluded_ports_are_direct() {
    let fixture = fixture("inbound: {excludePorts: [80-90, 443]}");
    all_direct(&fixture, &[80, 85, 90, 443, 15008]);
    all_captured(&fixture, &[79, 91, 442, 444, 15020, 15090]);
}

#[test]
fn many_excluded_ports_are_direct() {
    let fixture = fixture(&format!("inbound: {{excludePorts: {MANY}}}"));
    all_direct(&fixture, &INSIDE);
    all_direct(&fixture, &[15008]);
    all_captured(&fixture, &OUTSIDE);
}

#[test]
fn no_exclude_captures_all_but_the_tunnel() {
    let fixture = fixture("inbound: {excludePorts: []}");
    all_captured(&fixture, &[8080, 15007, 15009, 15020, 15021, 15090]);
    all_direct(&fixture, &[15008]);
}

#[test]
fn a_few_listed_ports_are_captured_alone() {
    let fixture = fixture("inbound: {ports: [80-90, 443]}");
    all_captured(&fixture, &[80, 85, 90, 443]);
    all_direct(&fixture, &[79, 91, 442, 444, 8080, 15008, 15020]);
}

#[test]
fn many_listed_ports_are_captured_alone() {
    let fixture = fixture(&format!("inbound: {{ports: {MANY}}}"));
    all_captured(&fixture, &INSIDE);
    all_direct(&fixture, &OUTSIDE);
    all_direct(&fixture, &[15008]);
}

#[test]
fn an_empty_list_captures_nothing() {
    let fixture = fixture("inbound: {ports: []}");
    all_direct(&fixture, &[80, 8080, 15008, 15020]);
}

#[test]
fn a_list_never_captures_the_tunnel() {
    for (ports, captured) in [
        ("[15000-15010]", &[15007, 15009][..]),
        ("[15008-15009]", &[15009]),
        ("[15007-15008]", &[15007]),
        ("[1-65535]", &[8080, 15007, 15009, 15020]),
        ("[1, 3, 5, 7, 9, 15007-15009]", &[15007, 15009]),
    ] {
        let fixture = fixture(&format!("inbound: {{ports: {ports}}}"));
        all_direct(&fixture, &[15008]);
        all_captured(&fixture, captured);
    }
}

#[test]
fn an_excluded_tunnel_is_no_different() {
    let fixture = fixture("inbound: {excludePorts: [15000-15008]}");
    all_direct(&fixture, &[15007, 15008]);
    all_captured(&fixture, &[15009]);
}
