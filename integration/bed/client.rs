//! What clients and servers of the demo can be told, and how they fail. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use nftdivert::demo::bed::{LINK, POD_V4, WORLD_V4};
use nftdivert::demo::{
    Bed, BedOptions, DemoError, Dial, EchoServer, Proxy, ProxyOptions, User, connect,
};

const LIMIT: Duration = Duration::from_secs(2);
const SHORT: Duration = Duration::from_millis(200);

fn local_server(bed: &Bed) -> (EchoServer, SocketAddr) {
    let any_port = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let server = EchoServer::start(&bed.pod, User::APP, "two words", &[any_port]).unwrap();
    let port = server.addresses()[0].port();
    (server, SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

#[test]
fn a_client_comes_from_the_source_it_is_told() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let (_server, to) = local_server(&bed);
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 6));
    let talk = Dial::new(User::APP, to).source(source).open(&bed.pod).unwrap();
    assert_eq!((talk.answer.name.as_str(), talk.answer.peer.ip()), ("two words", source));
    let error = Dial::new(User::APP, to).source(WORLD_V4.into()).open(&bed.pod).unwrap_err();
    assert_eq!(error.io_kind(), Some(ErrorKind::AddrNotAvailable), "{error}");
}

#[test]
fn a_client_leaves_by_the_device_it_is_told() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let to = SocketAddr::from((WORLD_V4, 80));
    let _server = EchoServer::start(&bed.peer, User::ROOT, "world", &[to]).unwrap();
    let dial = |device| Dial::new(User::APP, to).device(device).within(SHORT).open(&bed.pod);
    assert_eq!(dial(LINK).unwrap().answer.peer.ip(), POD_V4);
    dial("lo").unwrap_err();
    assert!(dial("none").unwrap_err().to_string().starts_with("bind to device none: "));
}

#[test]
fn much_comes_back_unchanged() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let (_server, to) = local_server(&bed);
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(1_000_000).collect();
    Dial::new(User::APP, to).open(&bed.pod).unwrap().echo(&bytes).unwrap();
}

#[test]
fn silence_ends_in_time() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let nobody = SocketAddr::from((Ipv4Addr::new(10, 88, 0, 99), 80));
    let began = Instant::now();
    let error = connect(&bed.pod, User::APP, nobody, SHORT).unwrap_err();
    assert!(matches!(error, DemoError::TimedOut { .. }), "{error}");
    assert_eq!(error.to_string(), "connect to 10.88.0.99:80: nothing after 200ms");
    assert!(began.elapsed() < LIMIT);
}

#[test]
fn a_closed_port_refuses() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let closed = SocketAddr::from((WORLD_V4, 81));
    let error = connect(&bed.pod, User::APP, closed, LIMIT).unwrap_err();
    assert_eq!(error.io_kind(), Some(ErrorKind::ConnectionRefused), "{error}");
}

#[test]
fn a_port_that_is_taken_is_named_and_free_again_after_the_drop() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let first = Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
    let error = Proxy::start(&bed.pod, ProxyOptions::default()).unwrap_err();
    assert_eq!(error.io_kind(), Some(ErrorKind::AddrInUse), "{error}");
    assert!(error.to_string().contains("0.0.0.0:15001"), "{error}");
    drop(first);
    Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
}
