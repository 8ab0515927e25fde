//! `dropInvalid`: what conntrack calls invalid ends, and everything else goes on.

use std::net::SocketAddr;

use nftdivert::apply::{
    ApplyError, ApplyOptions, HostRule, LiveConnections, OtherMeshes, Target, apply,
};
use nftdivert::demo::{Dial, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::datagram::{ping, udp_echo};
use nftdivert_integration::fixture::{self, Fixture, Scene, put};
use nftdivert_integration::segment::stray_ack;
use nftdivert_integration::shell::nft_list;

use crate::harness::{OWN, captured, peer, pod, policy, scene, set, until, world};

const MODES: [&str; 2] = ["redirect", "tproxy"];

/// Resets that the namespace sent: `OutRsts` of /proc/net/snmp.
fn resets(place: &Netns) -> u64 {
    let read = || std::fs::read_to_string("/proc/thread-self/net/snmp");
    let text = place.run(read).unwrap().unwrap();
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
    let column = names.split(' ').position(|name| name == "OutRsts").unwrap();
    values.split(' ').nth(column).unwrap().parse().unwrap()
}

/// How many packets the rule has dropped.
fn dropped(place: &Netns) -> u64 {
    let chain = nft_list(place, "chain inet nftdivert drop_invalid");
    let rule = chain.lines().find(|line| line.contains("counter")).expect(&chain);
    let mut words = rule.split_whitespace().skip_while(|word| *word != "packets");
    words.nth(1).unwrap().parse().unwrap()
}

/// Segments of no connection, to a port that nobody has: the kernel resets their sender.
fn strays(fixture: &Fixture, port: u16) {
    for (to, client) in pod(port).into_iter().zip(peer()) {
        let from = SocketAddr::new(client, 40_000 + port);
        stray_ack(&fixture.bed.peer, User::ROOT, from, to, &[]);
    }
}

#[test]
fn segments_of_no_connection_are_dropped() {
    for mode in MODES {
        let fixture = scene(&policy(mode, ", dropInvalid: true", "counters: on"), OWN, &[8080]);
        let place = &fixture.bed.pod;
        set(place, "netfilter/nf_conntrack_tcp_loose", "0");
        let before = resets(place);
        strays(&fixture, 8080);
        strays(&fixture, 8099);
        until("four dropped", || dropped(place) == 4);
        assert_eq!(resets(place), before, "{mode}");
    }
}

#[test]
fn without_the_setting_they_are_answered() {
    for mode in MODES {
        let fixture = scene(&policy(mode, "", ""), OWN, &[8080]);
        set(&fixture.bed.pod, "netfilter/nf_conntrack_tcp_loose", "0");
        let before = resets(&fixture.bed.pod);
        strays(&fixture, 8099);
        until("two resets", || resets(&fixture.bed.pod) == before + 2);
    }
}

#[test]
fn all_other_traffic_goes_on() {
    for mode in MODES {
        let fixture = scene(&policy(mode, ", dropInvalid: true", "counters: on"), OWN, &[8080]);
        let place = &fixture.bed.pod;
        pod(8080).into_iter().for_each(|to| drop(captured(&fixture, OWN, to)));
        world(80).into_iter().for_each(|to| fixture.captured_outbound(User::APP, to));
        pod(8080).into_iter().for_each(|to| fixture.direct(User::APP, to, "app"));
        for (to, client) in pod(9999).into_iter().zip(peer()) {
            let (seen, answered) = udp_echo((&fixture.bed.peer, User::ROOT), place, to).unwrap();
            assert_eq!((seen.ip(), answered), (client, to), "{mode}");
            ping(place, client).unwrap();
            ping(&fixture.bed.peer, to.ip()).unwrap();
        }
        assert_eq!(dropped(place), 0, "{mode}");
    }
}

#[test]
fn connections_from_before_are_not_dropped_unasked() {
    for mode in MODES {
        let fixture = unapplied();
        let place = &fixture.bed.pod;
        let talks: Vec<_> = pod(8080)
            .into_iter()
            .map(|to| Dial::new(User::ROOT, to).open(&fixture.bed.peer).unwrap())
            .collect();
        let text = policy(mode, ", dropInvalid: true", "");
        let error = put(place, &text).unwrap_err();
        assert!(matches!(error, ApplyError::DropsLive { count: 2 }), "{error}");
        assert_eq!(nft_list(place, "ruleset"), "", "{mode}");
        let options = ApplyOptions {
            source: "suite".into(),
            live: LiveConnections::Break,
            others: OtherMeshes::Refuse,
        };
        let target = Target::other(place.try_clone().unwrap(), HostRule::Refuse);
        apply(&target, &fixture::policy(&text), &options).unwrap();
        pod(8080).into_iter().for_each(|to| drop(captured(&fixture, OWN, to)));
        drop(talks);
    }
}

#[test]
fn where_they_are_to_be_reset_it_goes_on() {
    for mode in MODES {
        let fixture = unapplied();
        let to = pod(8080)[0];
        let mut talk = Dial::new(User::ROOT, to).open(&fixture.bed.peer).unwrap();
        put(&fixture.bed.pod, &policy(mode, ", dropInvalid: true", "existing: reset")).unwrap();
        talk.echo(b"still here").unwrap_err();
        captured(&fixture, OWN, to);
    }
}

/// A pod without capture.
fn unapplied() -> Fixture {
    let proxy = crate::harness::transparent(OWN);
    let fixture = Fixture::start(&Scene { proxy, ..Scene::default() });
    fixture::take_away(&fixture.bed.pod).unwrap();
    fixture
}
