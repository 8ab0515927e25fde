//! Removal: what TPROXY has captured lives on until it ends, or is cut and counted.

use std::sync::Mutex;
use std::thread::scope;
use std::time::{Duration, Instant};

use nftdivert::apply::{
    ApplyError, Captured, HostRule, Outcome, RemoveOptions, Removed, State as Doing, Target,
    remove, status,
};
use nftdivert::demo::{AppSource, Conversation, Dial, User};
use nftdivert_integration::fixture::{Fixture, assert_clean, put, take_away};

use crate::harness::{
    CLIENT, OWN, QUICK, STEERING, State, captured, pod, policy, scene, set, until, world,
};

const LONG: Captured = Captured::Drain(Duration::from_secs(20));
const SHORT: Captured = Captured::Drain(Duration::from_millis(300));

/// A mode, where the proxy dials the app from, and how many of four connections removal breaks:
/// what comes by IPv4 from 127.0.0.6 needs nothing of ours.
fn ways() -> impl Iterator<Item = (&'static str, AppSource, usize)> {
    STEERING.into_iter().flat_map(|mode| [(mode, CLIENT, 4), (mode, OWN, 3)])
}

fn target(fixture: &Fixture) -> Target {
    Target::other(fixture.bed.pod.try_clone().unwrap(), HostRule::Refuse)
}

fn removed(fixture: &Fixture, captured: Captured) -> Result<Removed, ApplyError> {
    remove(&target(fixture), &RemoveOptions { captured, progress: &|_| () })
}

/// Two that came in, then two that went out.
fn talks(fixture: &Fixture, source: AppSource) -> Vec<Conversation> {
    let outbound = |to| Dial::new(User::APP, to).open(&fixture.bed.pod).unwrap();
    let inbound = pod(8080).map(|to| captured(fixture, source, to));
    inbound.into_iter().chain(world(80).map(outbound)).collect()
}

#[track_caller]
fn live_on(talks: &mut [Conversation], case: &str) {
    for talk in talks {
        let own = talk.local().unwrap();
        talk.echo(&[7; 40_000]).unwrap_or_else(|error| panic!("{case}: from {own}: {error}"));
    }
}

#[track_caller]
fn none_is_captured(fixture: &Fixture) {
    pod(8080).into_iter().for_each(|to| fixture.direct_inbound(to, "app"));
    world(80).into_iter().for_each(|to| fixture.direct(User::APP, to, "world"));
}

#[test]
fn captured_connections_live_on_until_they_end() {
    for (mode, source, breakable) in ways() {
        let fixture = scene("", source, &[8080]);
        take_away(&fixture.bed.pod).unwrap();
        let before = State::of(&fixture.bed.pod);
        put(&fixture.bed.pod, &policy(mode, "", "")).unwrap();
        let mut talks = talks(&fixture, source);
        let told = Mutex::new(Vec::new());
        let progress = |now: nftdivert::apply::DrainProgress| {
            told.lock().unwrap().push(now.remaining);
        };
        let (target, options) =
            (target(&fixture), RemoveOptions { captured: LONG, progress: &progress });
        let case = format!("{mode} {source:?}");
        let removed = scope(|threads| {
            let removing = threads.spawn(|| remove(&target, &options));
            until("draining", || status(&target).unwrap().state == Doing::Draining);
            live_on(&mut talks, &case);
            none_is_captured(&fixture);
            live_on(&mut talks, &case);
            // The one that came in by IPv6 is the last.
            let last = talks.remove(1);
            drop(std::mem::take(&mut talks));
            until("one is left", || told.lock().unwrap().contains(&1));
            assert!(!removing.is_finished(), "{case}");
            drop(last);
            removing.join().unwrap()
        });
        let removed = removed.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!((removed.cut, removed.notes), (Some(0), vec![]), "{case}");
        assert_eq!(told.lock().unwrap().first(), Some(&breakable), "{case}");
        assert_eq!(State::of(&fixture.bed.pod), before, "{case}");
    }
}

#[test]
fn a_removal_cuts_and_counts_them() {
    for (mode, source, breakable) in ways() {
        let fixture = scene(&policy(mode, "", ""), source, &[8080]);
        let mut talks = talks(&fixture, source);
        let case = format!("{mode} {source:?}");
        let counted = status(&target(&fixture)).unwrap().captured_connections;
        assert_eq!(counted, Some(breakable), "{case}");
        assert_eq!(removed(&fixture, Captured::Cut).unwrap().cut, Some(breakable), "{case}");
        let start = Instant::now();
        let mut ended = 0;
        for talk in &mut talks {
            ended += usize::from(talk.echo(b"still here").is_err());
        }
        assert_eq!(ended, breakable, "{case}");
        assert!(start.elapsed() < QUICK, "{case}: they are told at once");
        none_is_captured(&fixture);
    }
}

#[test]
fn at_the_time_limit_it_stays_and_an_apply_takes_up_again() {
    for (mode, source, remaining) in ways() {
        let fixture = scene(&policy(mode, "", ""), source, &[8080]);
        let mut talks = talks(&fixture, source);
        let case = format!("{mode} {source:?}");
        for _ in 0..2 {
            let error = removed(&fixture, SHORT).unwrap_err();
            let ApplyError::DrainTimedOut { remaining: left, .. } = error else {
                panic!("{error}")
            };
            assert_eq!(left, remaining, "{case}");
            live_on(&mut talks, &case);
            none_is_captured(&fixture);
        }
        let text = policy(mode, "", "");
        assert_eq!(put(&fixture.bed.pod, &text).unwrap().outcome, Outcome::Replaced);
        assert_clean(&fixture.bed.pod, &text);
        live_on(&mut talks, &case);
        pod(8080).into_iter().for_each(|to| drop(captured(&fixture, source, to)));
        live_on(&mut talks, &case);
    }
}

/// Where nothing is redirected there is capture all the same.
#[test]
fn inbound_alone_drains_too() {
    for mode in STEERING {
        let text = policy(mode, "", "outbound: {ranges: []}");
        let fixture = scene(&text, CLIENT, &[8080]);
        let mut talks: Vec<_> = pod(8080).map(|to| captured(&fixture, CLIENT, to)).into();
        let error = removed(&fixture, SHORT).unwrap_err();
        assert!(matches!(error, ApplyError::DrainTimedOut { remaining: 2, .. }), "{error}");
        live_on(&mut talks, mode);
        pod(8080).into_iter().for_each(|to| fixture.direct_inbound(to, "app"));
        drop(talks);
        assert_eq!(removed(&fixture, LONG).unwrap().cut, Some(0), "{mode}");
    }
}

/// With `tcp_loose` off conntrack calls untracked connections invalid once they are not kept out.
#[test]
fn untracked_connections_live_on_where_conntrack_would_not_take_them_up() {
    let fixture = scene(&policy("tproxyFast", "", "loNotrack: true"), CLIENT, &[8080]);
    set(&fixture.bed.pod, "netfilter/nf_conntrack_tcp_loose", "0");
    let mut talks = talks(&fixture, CLIENT);
    removed(&fixture, SHORT).unwrap_err();
    live_on(&mut talks, "tproxyFast");
}
