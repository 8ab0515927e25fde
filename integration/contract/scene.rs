//! Who is where: a pod with two links, its own name server, and a machine inside it.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::demo::{AppSource, Ipv6Support, NameServerOptions, ProxyOptions, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fate::{From, Stage};
use nftdivert_integration::fixture::{WIDE_WORLD, put};
use nftdivert_integration::shell::ip;

/// How the proxy takes what comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Redirect,
    Tproxy,
}

impl Mode {
    /// The fate of what is captured on the way in.
    pub(crate) fn inbound(self) -> &'static str {
        match self {
            Self::Redirect => "inbound to app",
            Self::Tproxy => "inbound to app, from the client's address",
        }
    }

    fn proxy(self) -> ProxyOptions {
        match self {
            Self::Redirect => ProxyOptions::default(),
            Self::Tproxy => ProxyOptions {
                transparent: true,
                app_source: AppSource::Client { mark: 1337 },
                ..ProxyOptions::default()
            },
        }
    }
}

/// A pod with all of them, under a policy.
///
/// Beside `eth0` it has `side0` to the same peer (10.89.0.0/24, fd89::/64), and `virt0` to a
/// machine inside (10.90.0.0/24, fd90::/64). The name server `own` is on its own addresses.
#[track_caller]
pub(crate) fn scene(mode: Mode, policy: &str) -> Stage {
    let app = [80, 443, 8080, 9090, 15008, 15020, 15021, 15090];
    let mut stage = Stage::new(mode.proxy(), &app, &[80, 443, 3306, 8000, 8443, 15008]);
    for range in WIDE_WORLD {
        ip(&stage.bed.peer, &format!("route add local {range} dev lo"));
    }
    let inside = Netns::anonymous().unwrap();
    link(&stage.bed.pod, "side0", &stage.bed.peer, 89);
    link(&stage.bed.pod, "virt0", &inside, 90);
    ip(&inside, "-4 route add default via 10.90.0.2");
    ip(&inside, "-6 route add default via fd90::2");
    stage.behind = Some(inside);
    let own = NameServerOptions {
        name: "own".to_owned(),
        member: User::ROOT.into(),
        addresses: own(53).to_vec(),
        upstream: None,
    };
    let stage = stage
        .with_name_server(From::Pod, own)
        .with_name_server(From::Pod, NameServerOptions::of_proxy(Ipv6Support::On))
        .with_name_server(From::Outside, NameServerOptions::of_world(Ipv6Support::On));
    put(&stage.bed.pod, policy).expect("apply");
    stage
}

/// A link of this name on both sides: 2 is the pod's address, 1 the other's.
#[track_caller]
fn link(pod: &Netns, name: &str, other: &Netns, net: u8) {
    let path = format!("/proc/{}/fd/{}", std::process::id(), other.as_fd().as_raw_fd());
    ip(pod, &format!("link add {name} type veth peer name {name} netns {path}"));
    for (place, host) in [(pod, 2), (other, 1)] {
        ip(place, &format!("address add 10.{net}.0.{host}/24 dev {name}"));
        ip(place, &format!("address add fd{net}::{host}/64 dev {name} nodad"));
        ip(place, &format!("link set {name} up"));
    }
    let limit = Instant::now() + Duration::from_secs(2);
    for place in [pod, other] {
        while !ip(place, &format!("link show {name}")).contains("state UP") {
            assert!(Instant::now() < limit, "{name} does not come up");
            sleep(Duration::from_millis(1));
        }
    }
}

/// The world's usual addresses.
pub(crate) fn world(port: u16) -> [SocketAddr; 2] {
    at(["192.0.2.10", "2001:db8::10"], port)
}

/// The pod's own addresses.
pub(crate) fn own(port: u16) -> [SocketAddr; 2] {
    at(["10.88.0.2", "fd88::2"], port)
}

/// The loopback addresses.
pub(crate) fn localhost(port: u16) -> [SocketAddr; 2] {
    at(["127.0.0.1", "::1"], port)
}
