//! Nothing of a demo is left when it is dropped. Alone in its file: it counts the process's own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs::read_dir;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::demo::bed::WORLD_V4;
use nftdivert::demo::{
    Bed, BedOptions, Dial, EchoServer, Ipv6Support, NameServer, NameServerOptions, Proxy,
    ProxyOptions, Transport, User, resolve,
};

fn threads_and_descriptors() -> (usize, usize) {
    let count = |path| read_dir(path).unwrap().count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

fn a_whole_demo() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let world = [SocketAddr::from((WORLD_V4, 80))];
    let server = EchoServer::start(&bed.peer, User::ROOT, "world", &world).unwrap();
    let proxy = Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
    let names = NameServer::start(&bed.peer, NameServerOptions::of_world(Ipv6Support::On)).unwrap();
    let question = SocketAddr::from((WORLD_V4, 53));
    for transport in [Transport::Udp, Transport::Tcp] {
        resolve(&bed.pod, User::APP, question, transport).unwrap();
    }
    let mut open = Dial::new(User::APP, world[0]).open(&bed.pod).unwrap();
    open.echo(b"still here").unwrap();
    drop(bed);
    open.echo(b"even without the handles").unwrap();
    drop((proxy, server, names));
    open.echo(b"gone").unwrap_err();
}

#[test]
fn dropping_all_leaves_no_thread_and_no_descriptor() {
    let before = threads_and_descriptors();
    for _ in 0..20 {
        a_whole_demo();
    }
    // A joined thread stays in /proc for a moment longer.
    let limit = Instant::now() + Duration::from_secs(2);
    while threads_and_descriptors() != before && Instant::now() < limit {
        sleep(Duration::from_millis(5));
    }
    assert_eq!(threads_and_descriptors(), before);
}
