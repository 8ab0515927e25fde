//! IPv6 left alone, and namespaces without it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::time::Duration;

use nftdivert::demo::{Dial, Ipv6Support, User};
use nftdivert_integration::asserts::PASSTHROUGH;
use nftdivert_integration::fixture::{Fixture, Scene, assert_clean, take_away};
use nftdivert_integration::shell::lo_ipv6;

use crate::scenery::{localhost, pod, world};

/// The address ::6 as the kernel lists it.
const SIX: &str = "00000000000000000000000000000006";

#[test]
fn bypass_leaves_ipv6_alone_in_both_directions() {
    let fixture = Fixture::new("ipv6: bypass");
    let ([world4, world6], [pod4, pod6]) = (world(), pod());
    for user in [User::APP, User::PROXY] {
        fixture.direct(user, world6, "world");
        fixture.direct(user, pod6, "app");
        fixture.direct(user, localhost()[1], "app");
    }
    fixture.direct_inbound(pod6, "app");
    fixture.captured_outbound(User::APP, world4);
    fixture.captured_inbound(pod4);
    fixture.self_call(User::PROXY, pod4);
    assert!(!lo_ipv6(&fixture.bed.pod).contains(&SIX.to_owned()));
}

#[test]
fn bypass_holds_for_lists_of_ipv6_ranges_too() {
    let policy = "ipv6: bypass\noutbound: {ranges: ['::/0', 0.0.0.0/0], includePorts: [80]}\n\
                  inbound: {ports: [8080]}";
    let fixture = Fixture::new(policy);
    fixture.direct(User::APP, world()[1], "world");
    fixture.direct_inbound(pod()[1], "app");
    fixture.captured_outbound(User::APP, world()[0]);
    fixture.captured_inbound(pod()[0]);
}

#[test]
fn capture_brings_the_passthrough_source_and_remove_takes_it() {
    let fixture = Fixture::new("ipv6: capture");
    assert!(lo_ipv6(&fixture.bed.pod).contains(&SIX.to_owned()));
    take_away(&fixture.bed.pod).unwrap();
    assert!(!lo_ipv6(&fixture.bed.pod).contains(&SIX.to_owned()));
}

#[test]
fn a_namespace_without_ipv6_is_captured_with_a_note() {
    for policy in ["", "ipv6: capture"] {
        let scene = Scene { policy, ipv6: Ipv6Support::Off, ..Scene::default() };
        let fixture = Fixture::start(&scene);
        let notes = &fixture.applied.notes;
        assert!(notes.iter().any(|note| note.contains("no IPv6")), "{notes:?}");
        fixture.captured_outbound(User::APP, world()[0]);
        fixture.captured_inbound(pod()[0]);
        fixture.self_call(User::PROXY, pod()[0]);
        assert_clean(&fixture.bed.pod, policy);
    }
}

#[test]
fn a_namespace_without_ipv6_needs_no_note_where_ipv6_is_not_captured() {
    for policy in ["ipv6: bypass", "ipv6: reject"] {
        let scene = Scene { policy, ipv6: Ipv6Support::Off, ..Scene::default() };
        let fixture = Fixture::start(&scene);
        assert_eq!(fixture.applied.notes, Vec::<String>::new());
        fixture.captured_outbound(User::APP, world()[0]);
        assert_clean(&fixture.bed.pod, policy);
    }
}

#[test]
fn the_proxy_can_dial_the_app_as_soon_as_apply_returns() {
    let fixture = Fixture::new("ipv6: bypass");
    let source = PASSTHROUGH[1];
    for _ in 0..10 {
        let applied = fixture.replace("");
        let dial = Dial::new(User::PROXY, pod()[1]).source(source);
        fixture.is_direct(&fixture.bed.pod, &dial.within(Duration::from_millis(400)), "app");
        drop(applied);
        fixture.replace("ipv6: bypass");
    }
}
