//! Fifty containers at once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread::scope;

use nftdivert::demo::{Dial, Direction, EchoServer, Outcome, Proxy, ProxyOptions, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{APP_PORT, WIDE_WORLD, WORLD_PORT};
use nftdivert_integration::shell::ip;
use serde_json::json;

use crate::network::Network;
use crate::node::Node;
use crate::podman::Podman;
use crate::traffic::{WORLD, own};

const CONTAINERS: usize = 50;
const ANY: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];

#[test]
fn fifty_containers_at_once_are_captured_and_freed() {
    let node = Node::new(&Network::new("1.0.0", json!({})));
    let podman = Podman::on(&node);
    let names: Vec<String> = (0..CONTAINERS).map(|number| format!("app-{number}")).collect();
    scope(|threads| {
        for name in &names {
            threads.spawn(|| podman.start(name, &[]).said().to_owned());
        }
    });
    for range in WIDE_WORLD {
        ip(&node.netns, &format!("route add local {range} dev lo"));
    }
    let _world = serve(&node.netns, "world", WORLD_PORT);
    for name in &names {
        is_captured(&node, &podman.netns(name));
    }
    podman.end(&names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((node.calls("ADD").len(), node.calls("DEL").len()), (CONTAINERS, CONTAINERS));
    node.is_free();
}

/// Both ways, both families.
#[track_caller]
fn is_captured(node: &Node, pod: &Netns) {
    let proxy = Proxy::start(pod, ProxyOptions::default()).unwrap();
    let _app = serve(pod, "app", APP_PORT);
    let answered = |place, to| Dial::new(User::APP, to).open(place).unwrap().answer.name;
    let mut wanted = Vec::new();
    for (world, own) in at(WORLD, WORLD_PORT).into_iter().zip(own(pod)) {
        let own = SocketAddr::new(own, APP_PORT);
        assert_eq!(
            (answered(pod, world), answered(&node.netns, own)),
            ("world".into(), "app".into())
        );
        wanted.extend([(Direction::Outbound, world), (Direction::Inbound, own)]);
    }
    let wanted: Vec<_> = wanted.iter().map(|way| (way.0, way.1, Outcome::Forwarded)).collect();
    let seen = proxy.seen();
    let seen: Vec<_> =
        seen.iter().map(|each| (each.direction, each.original, each.outcome)).collect();
    assert_eq!(seen, wanted);
}

fn serve(place: &Netns, name: &str, port: u16) -> EchoServer {
    EchoServer::start(place, User::APP, name, &ANY.map(|any| SocketAddr::new(any, port))).unwrap()
}
