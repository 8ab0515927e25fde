//! What becomes of a container's connections, from inside it, from the proxy beside it and from the node.

use std::net::{IpAddr, SocketAddr};

use nftdivert::apply::Outcome;
use nftdivert::demo::{Bed, Direction, ProxyOptions, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{APP_PORT, Fixture, Scene, WORLD_PORT};
use nftdivert_integration::ran::Ran;
use nftdivert_integration::shell::ip;
use serde_json::Value;

use crate::node::Node;

/// Addresses of both families that the node answers for.
pub(crate) const WORLD: [&str; 2] = ["198.18.0.10", "fd99::10"];

/// The container's own addresses of both families.
pub(crate) fn own(pod: &Netns) -> [IpAddr; 2] {
    let list: Value = serde_json::from_str(&ip(pod, "-j addr show dev eth0 scope global")).unwrap();
    let address = |family: &str| {
        let all = list[0]["addr_info"].as_array().unwrap();
        let found = all.iter().find(|each| each["family"] == family).expect(family);
        found["local"].as_str().unwrap().parse().unwrap()
    };
    [address("inet"), address("inet6")]
}

/// Who is in a container; ids are those that the node counts.
pub(crate) struct Parts {
    proxy: ProxyOptions,
    app: User,
}

impl Parts {
    /// The usual ones.
    pub(crate) fn usual() -> Self {
        Self { proxy: ProxyOptions::default(), app: User::APP }
    }

    /// Those of a user namespace whose ids begin at this one.
    pub(crate) fn counted_from(first: u32) -> Self {
        let shifted = |user: User| User::new(first + user.uid, first + user.gid);
        let proxy = ProxyOptions { member: shifted(User::PROXY).into(), ..ProxyOptions::default() };
        Self { proxy, app: shifted(User::APP) }
    }

    /// The usual ones, with a proxy that takes what TPROXY steers to it.
    pub(crate) fn transparent() -> Self {
        let proxy = ProxyOptions { transparent: true, ..ProxyOptions::default() };
        Self { proxy, app: User::APP }
    }
}

/// Starts proxy and app in the container's network and the world on the node: the container is
/// captured as this policy says, by what its own programs see (`run` starts them) and the others.
#[track_caller]
pub(crate) fn is_captured(
    node: &Node,
    (pod, parts): (&Netns, &Parts),
    policy: &str,
    run: impl Fn(&[&str]) -> Ran,
) {
    let bed = Bed { pod: pod.try_clone().unwrap(), peer: node.netns.try_clone().unwrap() };
    let own = own(pod).map(|address| SocketAddr::new(address, APP_PORT));
    let (proxy, app) = (parts.proxy.member.user, parts.app);
    let scene = Scene { policy, proxy: parts.proxy.clone(), ..Scene::default() };
    let fixture = Fixture::around(bed, &scene);
    // There is nothing left to do: the plugin has made just what the policy asks.
    assert_eq!(fixture.applied.outcome, Outcome::Unchanged);
    for (world, own) in at(WORLD, WORLD_PORT).into_iter().zip(own) {
        fixture.captured_outbound(app, world);
        fixture.direct(proxy, world, "world");
        fixture.captured_inbound(own);
        fixture.self_call(proxy, own);
        let before = fixture.proxy.seen().len();
        // ctr does not close the input of what it runs, and nc waits for its end.
        let call = format!("nc -w 5 {} {} </dev/null", world.ip(), world.port());
        let said = run(&["/bin/sh", "-c", &call]);
        assert!(said.out.starts_with("world "), "{world}: {said:?}");
        let seen = fixture.proxy.seen().split_off(before);
        let seen: Vec<_> = seen.iter().map(|seen| (seen.direction, seen.original)).collect();
        assert_eq!(seen, [(Direction::Outbound, world)]);
    }
}
