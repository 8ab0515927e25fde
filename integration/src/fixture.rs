//! A pod under a policy: the app, its proxy and the world, all at work.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use nftdivert::apply::{
    Applied, ApplyError, ApplyOptions, Captured, HostRule, LiveConnections, OtherMeshes,
    RemoveOptions, Removed, Target, apply, remove,
};
use nftdivert::demo::{Bed, BedOptions, EchoServer, Ipv6Support, Proxy, ProxyOptions, User};
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::{Verified, verify};

use crate::shell::ip;

/// The world's usual port.
pub const WORLD_PORT: u16 = 80;
/// The app's usual port.
pub const APP_PORT: u16 = 8080;
/// The peer answers for all of these addresses too: `198.16.0.0/14`, `fd99::/16`.
pub const WIDE_WORLD: [&str; 2] = ["198.16.0.0/14", "fd99::/16"];

/// What a fixture is made of.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The policy in YAML, without the line of the version.
    pub policy: &'a str,
    /// Ports on which the world answers.
    pub world: &'a [u16],
    /// Ports on which the app answers.
    pub app: &'a [u16],
    /// How the proxy is set up.
    pub proxy: ProxyOptions,
    /// Whether there is IPv6.
    pub ipv6: Ipv6Support,
}

impl Default for Scene<'_> {
    fn default() -> Self {
        Self {
            policy: "",
            world: &[WORLD_PORT],
            app: &[APP_PORT],
            proxy: ProxyOptions::default(),
            ipv6: Ipv6Support::On,
        }
    }
}

/// A pod under a policy, and the peer outside.
pub struct Fixture {
    /// The namespaces.
    pub bed: Bed,
    /// The proxy in the pod.
    pub proxy: Proxy,
    /// What the apply said.
    pub applied: Applied,
    _servers: [EchoServer; 2],
}

impl Fixture {
    /// The usual scene under this policy.
    #[track_caller]
    pub fn new(policy: &str) -> Self {
        Self::start(&Scene { policy, ..Scene::default() })
    }

    /// Makes the namespaces, applies, and starts everybody.
    #[track_caller]
    pub fn start(scene: &Scene<'_>) -> Self {
        Self::around(Bed::new(BedOptions { ipv6: scene.ipv6 }).expect("a bed"), scene)
    }

    /// The same in namespaces that are there.
    #[track_caller]
    pub fn around(bed: Bed, scene: &Scene<'_>) -> Self {
        for range in WIDE_WORLD {
            if scene.ipv6 == Ipv6Support::On || !range.contains(':') {
                ip(&bed.peer, &format!("route add local {range} dev lo"));
            }
        }
        let applied = put(&bed.pod, scene.policy).expect("apply");
        let proxy = Proxy::start(&bed.pod, scene.proxy.clone()).expect("the proxy");
        let serve = |place: &Netns, user, name: &str, ports: &[u16]| {
            let of_family = |any: IpAddr| ports.iter().map(move |port| SocketAddr::new(any, *port));
            let mut addresses: Vec<_> = of_family(Ipv4Addr::UNSPECIFIED.into()).collect();
            if scene.ipv6 == Ipv6Support::On {
                addresses.extend(of_family(Ipv6Addr::UNSPECIFIED.into()));
            }
            EchoServer::start(place, user, name, &addresses).expect(name)
        };
        let world = serve(&bed.peer, User::ROOT, "world", scene.world);
        let app = serve(&bed.pod, User::APP, "app", scene.app);
        Self { bed, proxy, applied, _servers: [world, app] }
    }

    /// Replaces the policy.
    #[track_caller]
    pub fn replace(&self, policy: &str) -> Applied {
        put(&self.bed.pod, policy).expect("apply")
    }
}

/// The policy of this YAML, without the line of the version.
#[track_caller]
pub fn policy(text: &str) -> CapturePolicy {
    match CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")) {
        Ok(policy) => policy,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// Applies the policy of this YAML in `place`.
pub fn put(place: &Netns, text: &str) -> Result<Applied, ApplyError> {
    let options = ApplyOptions {
        source: "suite".to_owned(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    apply(&target(place), &policy(text), &options)
}

/// Removes what was applied in `place`.
pub fn take_away(place: &Netns) -> Result<Removed, ApplyError> {
    remove(&target(place), &RemoveOptions { captured: Captured::Cut, progress: &|_| {} })
}

/// Compares `place` with the policy of this YAML.
pub fn check(place: &Netns, text: &str) -> Result<Verified, ApplyError> {
    verify(&target(place), &policy(text))
}

/// Asserts that `place` is as the policy of this YAML asks.
#[track_caller]
pub fn assert_clean(place: &Netns, text: &str) {
    let found = check(place, text).expect("verify").differences;
    assert!(found.is_empty(), "{text}: {found:#?}");
}

/// A pod's root file system: it names the servers 198.51.100.53 and fd53::53.
pub fn pod_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pod")
}

fn target(place: &Netns) -> Target {
    let netns = place.try_clone().expect("a descriptor");
    Target::other(netns, HostRule::Refuse).with_root(pod_root())
}
