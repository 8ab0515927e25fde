//! One policy in the place of another: what becomes of connections that were captured before.

use nftdivert::demo::{AppSource, Conversation, Dial, User};
use nftdivert_integration::fixture::{Fixture, assert_clean};

use crate::harness::{CLIENT, OWN, captured, pod, scene, world};

const REDIRECT: &str = "inbound: {mode: redirect}";
const TPROXY: &str = "inbound: {mode: tproxy}";
const FAST: &str = "inbound: {mode: tproxyFast}";

/// Inbound and outbound, of both families each.
fn talks(fixture: &Fixture, source: AppSource) -> [Vec<Conversation>; 2] {
    let inbound = pod(8080).map(|to| captured(fixture, source, to)).into();
    let dial = |to| Dial::new(User::APP, to).open(&fixture.bed.pod).unwrap();
    [inbound, world(80).map(dial).into()]
}

/// How many of each go on under the next policy.
fn alive(from: &str, to: &str, source: AppSource) -> [usize; 2] {
    let fixture = scene(from, source, &[8080]);
    let mut talks = talks(&fixture, source);
    assert_eq!(fixture.proxy.seen().len(), 4);
    fixture.replace(to);
    assert_clean(&fixture.bed.pod, to);
    let seen = fixture.proxy.seen().len();
    let alive = talks
        .each_mut()
        .map(|talks| talks.iter_mut().filter_map(|talk| talk.echo(&[7; 40_000]).ok()).count());
    assert_eq!(fixture.proxy.seen().len(), seen, "nothing is captured twice");
    // A redirecting policy has nothing that brings answers to a client's address to the proxy.
    if (to, source) != (REDIRECT, CLIENT) {
        pod(8080).into_iter().for_each(|to| drop(captured(&fixture, source, to)));
    }
    world(80).into_iter().for_each(|to| fixture.captured_outbound(User::APP, to));
    alive
}

const ALL: [usize; 2] = [2, 2];

#[test]
fn they_live_on_under_other_settings_of_the_same_mode() {
    for (mode, source) in
        [(REDIRECT, OWN), (TPROXY, OWN), (TPROXY, CLIENT), (FAST, OWN), (FAST, CLIENT)]
    {
        for more in [", excludePorts: [8081]}", ", ports: [8080]}", "}\ncounters: on"] {
            let other = format!("{}{more}", mode.trim_end_matches('}'));
            assert_eq!(alive(mode, &other, source), ALL, "{mode} -> {other}, {source:?}");
        }
    }
}

#[test]
fn they_live_on_under_other_modes() {
    for (from, to, source) in [
        (REDIRECT, TPROXY, OWN),
        (TPROXY, REDIRECT, OWN),
        (TPROXY, FAST, OWN),
        (TPROXY, FAST, CLIENT),
        (FAST, TPROXY, OWN),
        (FAST, TPROXY, CLIENT),
        (FAST, REDIRECT, OWN),
    ] {
        assert_eq!(alive(from, to, source), ALL, "{from} -> {to}, {source:?}");
    }
}

/// Whose packets are kept out of connection tracking has no NAT any more.
#[test]
fn what_was_redirected_does_not_live_on_without_tracking() {
    assert_eq!(alive(REDIRECT, FAST, OWN), [0, 2]);
}

/// A redirecting policy restores marks as long as connections need it.
#[test]
fn what_has_its_clients_address_lives_on_where_all_is_redirected() {
    for from in [TPROXY, FAST] {
        assert_eq!(alive(from, REDIRECT, CLIENT), ALL, "{from}");
    }
}
