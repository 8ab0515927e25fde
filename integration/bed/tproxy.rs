//! TPROXY that keeps the client's address, with hand-written rules and routes. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use nftdivert::demo::bed::{PEER_V4, PEER_V6, POD_V4, POD_V6};
use nftdivert::demo::{
    AppSource, Bed, BedOptions, Dial, Direction, EchoServer, Member, Outcome, Proxy, ProxyOptions,
    User,
};
use nftdivert_integration::shell::{ip, nft};

const RULES: &str = include_str!("rules/original_source.nft");
/// One on which nobody listens.
const CLOSED: u16 = 8081;
const QUICK: Duration = Duration::from_millis(500);

fn pod_addresses(port: u16) -> [SocketAddr; 2] {
    [SocketAddr::from((POD_V4, port)), SocketAddr::from((POD_V6, port))]
}

fn steered() -> (Bed, Proxy, EchoServer) {
    steered_by(User::PROXY.into())
}

fn steered_by(member: Member) -> (Bed, Proxy, EchoServer) {
    let bed = Bed::new(BedOptions::default()).unwrap();
    for family in ["-4", "-6"] {
        ip(&bed.pod, &format!("{family} rule add fwmark 1337 lookup 133"));
        ip(&bed.pod, &format!("{family} route add local default dev lo table 133"));
    }
    nft(&bed.pod, RULES);
    let app_source = AppSource::Client { mark: 1337 };
    let options = ProxyOptions { member, transparent: true, app_source, ..ProxyOptions::default() };
    let proxy = Proxy::start(&bed.pod, options).unwrap();
    let any: [SocketAddr; 2] =
        [(Ipv4Addr::UNSPECIFIED, 8080).into(), (Ipv6Addr::UNSPECIFIED, 8080).into()];
    let app = EchoServer::start(&bed.pod, User::APP, "app", &any).unwrap();
    (bed, proxy, app)
}

#[test]
fn the_app_sees_the_clients_own_address() {
    let (bed, proxy, _app) = steered();
    let clients: [IpAddr; 2] = [PEER_V4.into(), PEER_V6.into()];
    for (to, client) in pod_addresses(8080).into_iter().zip(clients) {
        let mut talk = Dial::new(User::ROOT, to).open(&bed.peer).unwrap();
        talk.echo(&[7; 100_000]).unwrap();
        let answer = &talk.answer;
        assert_eq!((answer.name.as_str(), answer.local, answer.peer.ip()), ("app", to, client));
        let seen = proxy.seen().pop().unwrap();
        assert_eq!((seen.direction, seen.outcome), (Direction::Inbound, Outcome::Forwarded));
        assert_eq!((seen.original, seen.peer), (to, talk.local().unwrap()));
        assert_ne!(answer.peer, seen.peer, "the app's connection is another one");
    }
    assert_eq!(proxy.seen().len(), 2);
}

#[test]
fn a_port_on_which_the_app_does_not_listen_resets_the_client_at_once() {
    let (bed, proxy, _app) = steered();
    for to in pod_addresses(CLOSED) {
        let start = Instant::now();
        let error = Dial::new(User::ROOT, to).open(&bed.peer).unwrap_err();
        assert_eq!(error.io_kind(), Some(ErrorKind::ConnectionReset), "{error}");
        assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
        let seen = proxy.seen().pop().unwrap();
        let outcome = Outcome::Failed(ErrorKind::ConnectionRefused);
        assert_eq!((seen.original, seen.outcome), (to, outcome));
    }
}

#[test]
fn the_app_reaches_itself_past_the_proxy() {
    let (bed, proxy, _app) = steered();
    for to in pod_addresses(8080) {
        let mut talk = Dial::new(User::APP, to).open(&bed.pod).unwrap();
        talk.echo(b"myself").unwrap();
        assert_eq!(talk.answer.peer, talk.local().unwrap());
    }
    assert!(proxy.seen().is_empty());
}

/// The mark brings the app's replies back to the proxy: without it they leave the pod.
#[test]
fn without_the_saved_mark_the_app_does_not_answer_the_proxy() {
    let (bed, proxy, _app) = steered();
    nft(&bed.pod, "flush chain inet stand_in reply");
    for to in pod_addresses(8080) {
        let dial = Dial::new(User::ROOT, to).within(Duration::from_millis(200));
        dial.open(&bed.peer).unwrap_err();
    }
    assert!(proxy.seen().is_empty(), "no connection to the app was made: {:?}", proxy.seen());
}

#[test]
fn a_proxy_told_apart_by_its_mark_keeps_the_steering_mark_to_the_app() {
    let (bed, _proxy, _app) = steered_by(User::ROOT.marked(0x10000));
    for to in pod_addresses(8080) {
        Dial::new(User::ROOT, to).open(&bed.peer).unwrap().echo(b"both marks").unwrap();
    }
}
