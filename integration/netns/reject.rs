//! IPv6 refused: quickly, in both directions, and without harm to what it stands on.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nftdivert::demo::{Dial, EchoServer, User, connect};
use nftdivert::net::netns::Netns;
use nftdivert_integration::datagram::{any, ping, udp, udp_echo};
use nftdivert_integration::fixture::Fixture;
use nftdivert_integration::shell::ip;

use crate::scenery::{localhost, pod, pod_on, world, world_on};

const POLICY: &str = "ipv6: reject";
const QUICKLY: Duration = Duration::from_millis(900);

/// A TCP connection is answered by a reset, at once.
#[track_caller]
fn is_refused(place: &Netns, user: User, to: SocketAddr) {
    let began = Instant::now();
    let error = connect(place, user, to, Duration::from_secs(2)).unwrap_err();
    assert_eq!(error.io_kind(), Some(ErrorKind::ConnectionRefused), "{error}");
    assert!(began.elapsed() < QUICKLY, "{:?}", began.elapsed());
}

/// A datagram is answered by an error, at once.
#[track_caller]
fn is_prohibited<T: std::fmt::Debug>(job: impl FnOnce() -> std::io::Result<T>) {
    let began = Instant::now();
    let error = job().unwrap_err();
    let kinds = [ErrorKind::PermissionDenied, ErrorKind::HostUnreachable];
    assert!(kinds.contains(&error.kind()), "{error}");
    assert!(began.elapsed() < QUICKLY, "{:?}", began.elapsed());
}

#[test]
fn tcp_of_app_and_proxy_is_refused_at_once() {
    let fixture = Fixture::new(POLICY);
    for user in [User::APP, User::PROXY, User::ROOT] {
        is_refused(&fixture.bed.pod, user, world()[1]);
        is_refused(&fixture.bed.pod, user, "[fd88::1]:80".parse().unwrap());
    }
    assert!(fixture.proxy.seen().is_empty());
}

#[test]
fn tcp_from_outside_is_refused_at_once() {
    let fixture = Fixture::new(POLICY);
    let tunnel = pod_on(15008);
    let _tunnel = EchoServer::start(&fixture.bed.pod, User::PROXY, "tunnel", &tunnel).unwrap();
    for to in [pod()[1], tunnel[1]] {
        is_refused(&fixture.bed.peer, User::APP, to);
    }
    assert!(fixture.proxy.seen().is_empty());
    fixture.direct_inbound(tunnel[0], "tunnel");
}

#[test]
fn ipv4_is_captured_meanwhile() {
    let fixture = Fixture::new(POLICY);
    fixture.captured_outbound(User::APP, world()[0]);
    fixture.direct(User::PROXY, world()[0], "world");
    fixture.captured_inbound(pod()[0]);
    fixture.self_call(User::PROXY, pod()[0]);
    let (pod, peer) = (&fixture.bed.pod, &fixture.bed.peer);
    udp_echo((pod, User::APP), peer, world_on(53)[0]).unwrap();
    ping(pod, world()[0].ip()).unwrap();
}

#[test]
fn datagrams_are_refused_at_once_in_both_directions() {
    let fixture = Fixture::new(POLICY);
    let (inside, outside) = (&fixture.bed.pod, &fixture.bed.peer);
    for user in [User::APP, User::PROXY] {
        is_prohibited(|| udp_echo((inside, user), outside, world_on(53)[1]));
    }
    is_prohibited(|| ping(inside, world()[1].ip()));
    // The asker's error comes to its own socket: the server's would wait for its limit.
    let asking = udp(outside, User::APP, any(pod_on(53)[1]));
    asking.connect(pod_on(53)[1]).unwrap();
    asking.send(b"who").unwrap();
    is_prohibited(|| asking.recv(&mut [0; 16]));
}

#[test]
fn lo_stays_open() {
    let fixture = Fixture::new(POLICY);
    let inside = &fixture.bed.pod;
    for user in [User::APP, User::PROXY] {
        for to in [localhost()[1], pod()[1]] {
            fixture.is_direct(inside, &Dial::new(user, to), "app");
        }
    }
    udp_echo((inside, User::APP), inside, pod_on(53)[1]).unwrap();
    ping(inside, localhost()[1].ip()).unwrap();
}

#[test]
fn neighbours_are_found_from_both_sides() {
    let fixture = Fixture::new(POLICY);
    let neighbours = |place| ip(place, "-6 neigh show dev eth0");
    for place in [&fixture.bed.pod, &fixture.bed.peer] {
        ip(place, "-6 neigh flush dev eth0");
        assert!(!neighbours(place).contains("lladdr"), "{}", neighbours(place));
    }
    // The peer asks for the pod, and the pod's reset needs the peer's address in turn.
    is_refused(&fixture.bed.peer, User::APP, pod()[1]);
    for (place, who) in [(&fixture.bed.peer, "fd88::2 "), (&fixture.bed.pod, "fd88::1 ")] {
        let found = neighbours(place);
        let line = found.lines().find(|line| line.starts_with(who)).expect(&found);
        assert!(line.contains("lladdr"), "{line}");
        assert!(["REACHABLE", "DELAY", "STALE"].iter().any(|s| line.contains(s)), "{line}");
    }
}

#[test]
fn the_pod_asks_for_its_neighbours() {
    let fixture = Fixture::new(POLICY);
    let pod = &fixture.bed.pod;
    let link_address = ip(&fixture.bed.peer, "-o link show eth0");
    let link_address = link_address.split("link/ether ").nth(1).unwrap();
    let link_address = link_address.split(' ').next().unwrap();
    ip(pod, "-6 neigh flush dev eth0");
    // The kernel probes an entry in this state with a solicitation of its own.
    ip(pod, &format!("-6 neigh replace fd88::1 lladdr {link_address} dev eth0 nud probe"));
    let limit = Instant::now() + Duration::from_secs(3);
    while !ip(pod, "-6 neigh show fd88::1 dev eth0").contains("REACHABLE") {
        assert!(Instant::now() < limit, "{}", ip(pod, "-6 neigh show dev eth0"));
        std::thread::sleep(Duration::from_millis(5));
    }
}
