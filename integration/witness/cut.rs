//! Removing tells how many captured connections it cut.

use std::net::SocketAddr;

use nftdivert::demo::bed::WORLD_V4;
use nftdivert::demo::{Bed, BedOptions, Dial, EchoServer, Proxy, ProxyOptions, User};

use super::{capture, policy, release};

#[test]
fn none_without_connections_and_one_for_each_that_lives() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    capture(&bed.pod, &policy(""));
    assert_eq!(release(&bed.pod).cut, Some(0));
    capture(&bed.pod, &policy(""));
    let to = SocketAddr::from((WORLD_V4, 80));
    let _server = EchoServer::start(&bed.peer, User::ROOT, "world", &[to]).unwrap();
    let _proxy = Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
    let talks = [0; 3].map(|_| Dial::new(User::APP, to).open(&bed.pod).unwrap());
    assert_eq!(release(&bed.pod).cut, Some(talks.len()));
}
