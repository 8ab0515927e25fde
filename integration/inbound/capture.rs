//! What TPROXY captures, whatever the proxy dials the app from, with and without SYN cookies.

use std::net::TcpStream;

use nftdivert::demo::{Bed, Dial, User};
use nftdivert_integration::shell::ip;

use crate::harness::{
    CLIENT, Case, QUICK, State, called_itself, captured, cases, is_tracked, pod, policy, scene,
    world,
};

const LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

/// A list that is compared, and one that is looked up.
const LISTS: [&str; 2] =
    [", ports: [8080, 9001-9003]", ", ports: [8080, 9001, 9003, 9005, 9007, 9009-9020]"];

#[test]
fn what_comes_in_reaches_the_app_through_the_proxy() {
    for case in cases() {
        let fixture = case.start("", "");
        for to in pod(8080) {
            for _ in 0..5 {
                captured(&fixture, case.source, to);
            }
        }
    }
}

#[test]
fn so_do_listed_ports_and_no_others() {
    for case in cases() {
        for list in LISTS {
            let fixture = case.start_with(list, "", &[8080, 8081, 9002, 9003, 9020]);
            let last = if list == LISTS[0] { 9002 } else { 9020 };
            for port in [8080, 9003, last] {
                pod(port).into_iter().for_each(|to| drop(captured(&fixture, case.source, to)));
            }
            pod(8081).into_iter().for_each(|to| fixture.direct_inbound(to, "app"));
        }
    }
}

#[test]
fn long_transfers_arrive_whole() {
    for case in cases() {
        let fixture = case.start("", "");
        for to in pod(8080) {
            let mut talk = captured(&fixture, case.source, to);
            let bytes: Vec<u8> = (0..2_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
            talk.echo(&bytes).unwrap();
        }
    }
}

#[test]
fn many_connections_at_once_all_go_through_the_proxy() {
    for case in cases() {
        let fixture = case.start("", "");
        let dial = |to| Dial::new(User::ROOT, to).within(LIMIT).open(&fixture.bed.peer).unwrap();
        std::thread::scope(|threads| {
            for to in pod(8080) {
                threads.spawn(move || {
                    let mut talks: Vec<_> = (0..50).map(|_| dial(to)).collect();
                    talks.iter_mut().for_each(|talk| talk.echo(b"one of many").unwrap());
                });
            }
        });
        assert_eq!(fixture.proxy.seen().len(), 100, "{case:?}");
    }
}

#[test]
fn the_pods_calls_to_itself_are_captured_where_the_proxy_makes_them() {
    for case in cases() {
        let fixture = case.start("", "");
        for to in pod(8080) {
            called_itself(&fixture, Dial::new(User::PROXY, to), case.source, to);
            fixture.direct(User::APP, to, "app");
        }
    }
}

#[test]
fn what_goes_out_is_captured_as_ever() {
    for case in cases() {
        let fixture = case.start("", "");
        for to in world(80) {
            fixture.captured_outbound(User::APP, to);
            fixture.direct(User::PROXY, to, "world");
        }
    }
}

/// Answers come to ports that are captured like all others.
#[test]
fn what_goes_out_directly_gets_its_answers() {
    for case in cases() {
        let fixture = case.start("", "outbound: {excludePorts: [80]}");
        for to in world(80) {
            let mut talk = Dial::new(User::APP, to).open(&fixture.bed.pod).unwrap();
            assert_eq!(talk.answer.peer, talk.local().unwrap());
            talk.echo(&[7; 200_000]).unwrap();
        }
        assert!(fixture.proxy.seen().is_empty(), "{case:?}: {:?}", fixture.proxy.seen());
    }
}

/// Addresses that are not the pod's: the route brings them to the proxy, and nobody else answers.
/// Without connection tracking the packets have no mark to be routed by.
#[test]
fn destinations_that_only_the_route_makes_local_are_captured() {
    for case in cases().filter(|case| (case.mode, case.source) == ("tproxy", CLIENT)) {
        let fixture = case.start("", "");
        let Bed { pod, peer } = &fixture.bed;
        ip(peer, "route add 203.0.113.9 via 10.88.0.2");
        ip(peer, "-6 route add 2001:db8:9::9 via fd88::2");
        let connect = |to: &str| {
            let to = to.parse().unwrap();
            peer.run(|| TcpStream::connect_timeout(&to, QUICK)).unwrap()
        };
        for (to, family) in [("203.0.113.9:8080", "-4"), ("[2001:db8:9::9]:8080", "-6")] {
            drop(connect(to).unwrap_or_else(|error| panic!("{case:?} {to}: {error}")));
            ip(pod, &format!("{family} rule del fwmark 1337 lookup 133"));
            connect(to).unwrap_err();
        }
    }
}

#[test]
fn without_tracking_conntrack_knows_nothing_of_it() {
    for case in cases() {
        let fixture = case.start("", "");
        for to in pod(8080) {
            let talk = captured(&fixture, case.source, to);
            let is_fast = case.mode == "tproxyFast";
            assert_ne!(is_tracked(&fixture.bed.pod, talk.local().unwrap()), is_fast, "{case:?}");
        }
    }
}

#[test]
fn settings_that_keep_marks_are_there_as_long_as_they_are_needed() {
    let wanted = |mode| if mode == "tproxyFast" { ["1", "1", "1"] } else { ["0", "0", "0"] };
    for mode in crate::harness::STEERING {
        let fixture = scene(&policy(mode, "", ""), CLIENT, &[8080]);
        assert_eq!(State::of(&fixture.bed.pod).settings[..3], wanted(mode), "{mode}");
        nftdivert_integration::fixture::take_away(&fixture.bed.pod).unwrap();
        assert_eq!(State::of(&fixture.bed.pod).settings[..3], ["0", "0", "0"], "{mode}");
    }
}

/// A case must be one in which cookies are really used.
#[test]
fn cookies_are_sent_where_they_are_asked_for() {
    for case in cases() {
        let fixture = case.start("", "");
        pod(8080).into_iter().for_each(|to| drop(captured(&fixture, case.source, to)));
        assert_eq!(cookies_sent(&fixture.bed.pod) > 0, is_with_cookies(case), "{case:?}");
    }
}

fn is_with_cookies(case: Case) -> bool {
    format!("{case:?}").contains("cookies: \"2\"")
}

/// `SyncookiesSent` of /proc/net/netstat.
fn cookies_sent(place: &nftdivert::net::netns::Netns) -> u64 {
    let read = || std::fs::read_to_string("/proc/thread-self/net/netstat");
    let text = place.run(read).unwrap().unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    let column = lines[0].iter().position(|name| *name == "SyncookiesSent").unwrap();
    lines[1][column].parse().unwrap()
}
