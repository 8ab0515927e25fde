//! Connections that live before capture: kept as they are, or reset so that they are made again.

use std::io::ErrorKind;
use std::net::SocketAddr;

use nftdivert::demo::{Conversation, Dial, EchoServer, Member, ProxyOptions, User};
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{Fixture, Scene, put, take_away};

use crate::harness::{OWN, STEERING, captured, pod, policy, set, transparent, world};

const MODES: [&str; 3] = ["redirect", STEERING[0], STEERING[1]];
/// The proxy is told by its mark alone.
const MARKED: &str = "proxy: {uids: [], gids: [], mark: 0x10000/0x10000}";

/// Connections that lived before.
struct Before {
    /// The app's to the world, and the world's to the app.
    crossing: Vec<Conversation>,
    /// The proxy's own, and those that stay inside the pod.
    others: Vec<Conversation>,
    _local: EchoServer,
}

/// A pod without capture, with a proxy that is `member`.
fn unapplied(member: Member) -> Fixture {
    let proxy = ProxyOptions { member, ..transparent(OWN) };
    let fixture = Fixture::start(&Scene { proxy, ..Scene::default() });
    take_away(&fixture.bed.pod).unwrap();
    fixture
}

fn begin(fixture: &Fixture, proxy: &Member) -> Before {
    let Fixture { bed, .. } = fixture;
    let local = at(["127.0.0.2", "::1"], 9090);
    let server = EchoServer::start(&bed.pod, User::APP, "local", &local).unwrap();
    let app = |to: SocketAddr| Dial::new(User::APP, to).open(&bed.pod).unwrap();
    let mut crossing: Vec<_> = world(80).into_iter().map(app).collect();
    crossing.extend(pod(8080).map(|to| Dial::new(User::ROOT, to).open(&bed.peer).unwrap()));
    let own = |to| Dial::new(proxy.clone(), to).open(&bed.pod).unwrap();
    let mut others: Vec<_> = world(80).into_iter().map(own).collect();
    others.extend(local.into_iter().chain(pod(8080)).map(app));
    let before = Before { crossing, others, _local: server };
    assert!(fixture.proxy.seen().is_empty());
    before
}

#[track_caller]
fn live_on(talks: &mut [Conversation], case: &str) {
    for talk in talks {
        talk.echo(b"still here").unwrap_or_else(|error| panic!("{case}: {error}"));
    }
}

#[track_caller]
fn all_new_is_captured(fixture: &Fixture) {
    pod(8080).into_iter().for_each(|to| drop(captured(fixture, OWN, to)));
    world(80).into_iter().for_each(|to| fixture.captured_outbound(User::APP, to));
}

#[test]
fn they_are_kept_in_every_mode() {
    for mode in MODES {
        for cookies in ["1", "2"] {
            let fixture = unapplied(User::PROXY.into());
            set(&fixture.bed.pod, "ipv4/tcp_syncookies", cookies);
            let mut before = begin(&fixture, &User::PROXY.into());
            put(&fixture.bed.pod, &policy(mode, "", "")).unwrap();
            live_on(&mut before.crossing, mode);
            live_on(&mut before.others, mode);
            assert!(fixture.proxy.seen().is_empty(), "{mode}");
            all_new_is_captured(&fixture);
            live_on(&mut before.crossing, mode);
            live_on(&mut before.others, mode);
            take_away(&fixture.bed.pod).unwrap();
            live_on(&mut before.crossing, mode);
        }
    }
}

/// Both ends of what crosses the pod's edge are told at once.
#[track_caller]
fn are_reset(talks: &mut [Conversation], case: &str) {
    for talk in talks {
        let error = talk.echo(b"still here").expect_err(case);
        let kind = error.io_kind();
        let is_told =
            matches!(kind, Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted));
        assert!(is_told, "{case}: {error}");
    }
}

#[test]
fn they_are_reset_in_every_mode_but_for_the_proxys_own_and_those_inside() {
    for mode in MODES {
        let fixture = unapplied(User::PROXY.into());
        let mut before = begin(&fixture, &User::PROXY.into());
        let applied = put(&fixture.bed.pod, &policy(mode, "", "existing: reset")).unwrap();
        let note = "connections that lived before and were reset: 4";
        assert!(applied.notes.iter().any(|told| told == note), "{mode}: {:?}", applied.notes);
        are_reset(&mut before.crossing, mode);
        live_on(&mut before.others, mode);
        all_new_is_captured(&fixture);
    }
}

#[test]
fn a_second_apply_resets_nothing() {
    for mode in MODES {
        let fixture = unapplied(User::PROXY.into());
        let text = policy(mode, "", "existing: reset");
        put(&fixture.bed.pod, &text).unwrap();
        let mut talks: Vec<_> = pod(8080).map(|to| captured(&fixture, OWN, to)).into();
        put(&fixture.bed.pod, &text).unwrap();
        live_on(&mut talks, mode);
        put(&fixture.bed.pod, &policy(mode, "", "existing: reset\ncounters: on")).unwrap();
        live_on(&mut talks, mode);
    }
}

#[test]
fn a_proxy_told_by_its_mark_keeps_its_own_too() {
    let member = User::ROOT.marked(0x10000);
    let fixture = unapplied(member.clone());
    let mut before = begin(&fixture, &member);
    let text = policy("redirect", "", &format!("existing: reset\n{MARKED}"));
    put(&fixture.bed.pod, &text).unwrap();
    are_reset(&mut before.crossing, "marked");
    live_on(&mut before.others, "marked");
}
