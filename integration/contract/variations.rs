//! Lines whose other half no single policy can show.

use nftdivert::demo::User;
use nftdivert_integration::fate::Case;

use crate::scene::{Mode, localhost, own, scene, world};

#[track_caller]
fn lines(policy: &str, cases: impl Fn(usize) -> Vec<Case>) {
    scene(Mode::Redirect, policy).all_right(&[cases(0), cases(1)].concat());
}

#[test]
fn line_6_where_loopback_is_included() {
    let policy = "outbound: {ranges: [127.0.0.0/8, '::1', 10.88.0.0/24, 'fd88::/64']}";
    lines(policy, |n| {
        vec![
            Case::out("6 the app by lo", User::APP, own(8080)[n], "outbound, inbound to app"),
            Case::out("10 loopback", User::APP, localhost(8080)[n], "direct to app"),
            Case::out("15 the rest", User::APP, world(80)[n], "direct to world"),
        ]
    });
}

#[test]
fn line_8_where_groups_are_excluded() {
    lines("outbound: {ownerGroups: {exclude: [50, 51]}}", |n| {
        let to = world(80)[n];
        vec![
            Case::out("8 excluded", User::new(1000, 50), to, "direct to world"),
            Case::out("8 excluded", User::new(1000, 51), to, "direct to world"),
            Case::out("13 not excluded", User::new(50, 1000), to, "outbound to world"),
        ]
    });
}

#[test]
fn line_14_alone_is_nothing_but_services() {
    let services = "[{address: 192.0.2.10, port: 80}, {address: '2001:db8::10', port: 80}]";
    lines(&format!("outbound: {{services: {services}}}"), |n| {
        vec![
            Case::out("14 service", User::APP, world(80)[n], "outbound to world"),
            Case::out("15 another port", User::APP, world(443)[n], "direct to world"),
        ]
    });
}

#[test]
fn line_in_3_where_ports_are_listed() {
    lines("inbound: {ports: [8080, 15008]}", |n| {
        vec![
            Case::into_pod("in 2 the tunnel port, listed", own(15008)[n], "direct to app"),
            Case::into_pod("in 3 listed", own(8080)[n], "inbound to app"),
            Case::into_pod("in 3 not listed", own(9090)[n], "direct to app"),
        ]
    });
    lines("inbound: {ports: []}", |n| {
        vec![
            Case::into_pod("in 3 none", own(8080)[n], "direct to app"),
            Case::out("5 the proxy's call of its pod", User::PROXY, own(8080)[n], "inbound to app"),
            Case::out("13 everything else", User::APP, world(80)[n], "outbound to world"),
        ]
    });
}
