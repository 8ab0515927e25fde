//! `loNotrack`: what the proxy dials the app with is unknown to conntrack, and works.

use nftdivert::demo::AppSource;

use crate::harness::{CLIENT, OWN, STEERING, captured, is_tracked, pod, policy, scene};

const MODES: [&str; 3] = ["redirect", STEERING[0], STEERING[1]];

#[track_caller]
fn leg(mode: &str, more: &str, source: AppSource) -> [bool; 2] {
    let fixture = scene(&policy(mode, "", more), source, &[8080]);
    pod(8080).map(|to| {
        let mut talk = captured(&fixture, source, to);
        talk.echo(&[7; 500_000]).unwrap();
        is_tracked(&fixture.bed.pod, talk.answer.peer)
    })
}

#[test]
fn the_passthrough_is_untracked_in_every_mode() {
    for mode in MODES {
        assert_eq!(leg(mode, "loNotrack: true", OWN), [false; 2], "{mode}");
        assert_eq!(leg(mode, "", OWN), [true; 2], "{mode}");
    }
}

/// The app's answers to a client's address come back by the mark of their connection, or by that
/// of their socket.
#[test]
fn what_has_the_clients_address_is_tracked_where_its_mark_is_needed() {
    assert_eq!(leg("tproxy", "loNotrack: true", CLIENT), [true; 2]);
    assert_eq!(leg("tproxyFast", "loNotrack: true", CLIENT), [false; 2]);
    assert_eq!(leg("tproxyFast", "", CLIENT), [true; 2]);
}
