//! The demo bed with a stand-in ruleset: both directions, both families, who is who. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nftdivert::demo::bed::{
    EXCLUDED_V4, EXCLUDED_V6, PEER_V4, PEER_V6, POD_V4, POD_V6, WORLD_V4, WORLD_V6,
};
use nftdivert::demo::{
    Bed, BedOptions, Dial, Direction, EchoServer, Ipv6Support, Outcome, Proxy, ProxyOptions, Seen,
    User, connect,
};
use nftdivert::net::netns::Netns;

const LIMIT: Duration = Duration::from_secs(2);
const REDIRECT: &str = include_str!("rules/redirect.nft");
const TPROXY: &str = include_str!("rules/tproxy.nft");
const PASSTHROUGH_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 6));
const PASSTHROUGH_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6));

fn at(address: impl Into<IpAddr>, port: u16) -> SocketAddr {
    SocketAddr::new(address.into(), port)
}

fn program(place: &Netns, words: &str, input: &str) -> String {
    let mut words = words.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = place.run(|| command.spawn()).unwrap().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn redirected(options: ProxyOptions) -> (Bed, Proxy) {
    let bed = Bed::new(BedOptions::default()).unwrap();
    program(&bed.pod, "ip -6 address add ::6/128 dev lo nodad", "");
    program(&bed.pod, "nft -f -", REDIRECT);
    let proxy = Proxy::start(&bed.pod, options).unwrap();
    (bed, proxy)
}

fn short(seen: &Seen) -> (Direction, SocketAddr, Outcome) {
    (seen.direction, seen.original, seen.outcome)
}

#[test]
fn without_rules_everything_is_direct() {
    let began = Instant::now();
    let bed = Bed::new(BedOptions::default()).unwrap();
    println!("a bed took {:?}", began.elapsed());
    let worlds: [IpAddr; 6] = [
        WORLD_V4.into(),
        EXCLUDED_V4.into(),
        PEER_V4.into(),
        WORLD_V6.into(),
        EXCLUDED_V6.into(),
        PEER_V6.into(),
    ];
    let addresses = worlds.map(|ip| at(ip, 80));
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &addresses).unwrap();
    for to in addresses {
        let answer = connect(&bed.pod, User::APP, to, LIMIT).unwrap();
        let own: IpAddr = if to.is_ipv4() { POD_V4.into() } else { POD_V6.into() };
        assert_eq!((answer.name.as_str(), answer.local, answer.peer.ip()), ("world", to, own));
    }
}

#[test]
fn without_ipv6_there_is_ipv4_alone() {
    let bed = Bed::new(BedOptions { ipv6: Ipv6Support::Off }).unwrap();
    assert_eq!(program(&bed.pod, "ip -6 address show", ""), "");
    assert_eq!(program(&bed.peer, "ip -6 address show", ""), "");
    let to = at(WORLD_V4, 80);
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &[to]).unwrap();
    let _proxy = Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
    assert_eq!(connect(&bed.pod, User::APP, to, LIMIT).unwrap().name, "world");
    connect(&bed.pod, User::APP, at(WORLD_V6, 80), LIMIT).unwrap_err();
}

#[test]
fn outbound_goes_through_the_proxy_in_both_families() {
    let (bed, proxy) = redirected(ProxyOptions::default());
    let addresses = [at(WORLD_V4, 80), at(WORLD_V6, 80)];
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &addresses).unwrap();
    for to in addresses {
        let mut talk = Dial::new(User::APP, to).open(&bed.pod).unwrap();
        talk.echo(b"through the proxy").unwrap();
        assert_eq!((talk.answer.name.as_str(), talk.answer.local), ("world", to));
        let seen = proxy.seen().pop().unwrap();
        assert_eq!(short(&seen), (Direction::Outbound, to, Outcome::Forwarded));
        assert_eq!(seen.peer, talk.local().unwrap());
        assert_ne!(talk.answer.peer.port(), seen.peer.port(), "the world sees the proxy");
    }
    assert_eq!(proxy.seen().len(), 2);
}

#[test]
fn the_proxys_own_connections_are_direct() {
    let (bed, proxy) = redirected(ProxyOptions::default());
    let addresses = [at(WORLD_V4, 80), at(WORLD_V6, 80)];
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &addresses).unwrap();
    for to in addresses {
        let talk = Dial::new(User::PROXY, to).open(&bed.pod).unwrap();
        assert_eq!((talk.answer.local, talk.answer.peer), (to, talk.local().unwrap()));
    }
    assert!(proxy.seen().is_empty(), "{:?}", proxy.seen());
}

#[test]
fn inbound_goes_through_the_proxy_in_both_families() {
    let (bed, proxy) = redirected(ProxyOptions::default());
    let addresses = [at(Ipv4Addr::UNSPECIFIED, 8080), at(Ipv6Addr::UNSPECIFIED, 8080)];
    let _app = EchoServer::start(&bed.pod, User::APP, "app", &addresses).unwrap();
    for (to, from) in [(at(POD_V4, 8080), PASSTHROUGH_V4), (at(POD_V6, 8080), PASSTHROUGH_V6)] {
        let mut talk = Dial::new(User::ROOT, to).open(&bed.peer).unwrap();
        talk.echo(b"into the pod").unwrap();
        let answer = &talk.answer;
        assert_eq!((answer.name.as_str(), answer.local, answer.peer.ip()), ("app", to, from));
        let seen = proxy.seen().pop().unwrap();
        assert_eq!(short(&seen), (Direction::Inbound, to, Outcome::Forwarded));
        assert_eq!(seen.peer, talk.local().unwrap());
    }
}

#[test]
fn a_connection_to_the_proxys_own_port_is_reset() {
    let (bed, proxy) = redirected(ProxyOptions::default());
    for (place, to, direction) in [
        (&bed.peer, at(POD_V4, 15006), Direction::Inbound),
        (&bed.peer, at(POD_V6, 15006), Direction::Inbound),
        (&bed.pod, at(Ipv4Addr::LOCALHOST, 15001), Direction::Outbound),
        (&bed.pod, at(Ipv6Addr::LOCALHOST, 15001), Direction::Outbound),
    ] {
        let error = connect(place, User::APP, to, LIMIT).unwrap_err();
        assert_eq!(error.io_kind(), Some(ErrorKind::ConnectionReset), "{error}");
        assert_eq!(short(&proxy.seen().pop().unwrap()), (direction, to, Outcome::Direct));
    }
}

#[test]
fn a_destination_that_refuses_resets_the_client() {
    let (bed, proxy) = redirected(ProxyOptions::default());
    for to in [at(WORLD_V4, 81), at(WORLD_V6, 81)] {
        let error = connect(&bed.pod, User::APP, to, LIMIT).unwrap_err();
        assert_eq!(error.io_kind(), Some(ErrorKind::ConnectionReset), "{error}");
        let outcome = Outcome::Failed(ErrorKind::ConnectionRefused);
        assert_eq!(short(&proxy.seen().pop().unwrap()), (Direction::Outbound, to, outcome));
    }
}

#[test]
fn a_transparent_proxy_takes_what_tproxy_steers_to_it() {
    let options = ProxyOptions { transparent: true, ..ProxyOptions::default() };
    let bed = Bed::new(BedOptions::default()).unwrap();
    program(&bed.pod, "ip -6 address add ::6/128 dev lo nodad", "");
    program(&bed.pod, "nft -f -", TPROXY);
    let proxy = Proxy::start(&bed.pod, options).unwrap();
    let addresses = [at(Ipv4Addr::UNSPECIFIED, 8080), at(Ipv6Addr::UNSPECIFIED, 8080)];
    let _app = EchoServer::start(&bed.pod, User::APP, "app", &addresses).unwrap();
    for (to, from) in [(at(POD_V4, 8080), PASSTHROUGH_V4), (at(POD_V6, 8080), PASSTHROUGH_V6)] {
        let answer = connect(&bed.peer, User::ROOT, to, LIMIT).unwrap();
        assert_eq!((answer.name.as_str(), answer.local, answer.peer.ip()), ("app", to, from));
        let seen = proxy.seen().pop().unwrap();
        assert_eq!(short(&seen), (Direction::Inbound, to, Outcome::Forwarded));
    }
}
