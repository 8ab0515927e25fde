//! The way that connections of a case take: who dials what, and who must get it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nftdivert::demo::User;
use nftdivert::demo::bed::{EXCLUDED_V4, EXCLUDED_V6, POD_V4, POD_V6, WORLD_V4, WORLD_V6};

const OUTBOUND_PORT: u16 = 15001;
const INBOUND_PORT: u16 = 15006;
const APP_PORT: u16 = 8080;
const WORLD_PORT: u16 = 80;

/// One of the two namespaces of a bed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Pod,
    Peer,
}

/// An address family.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

/// A way. Only its own listener is there: a connection that goes another way is refused.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// The app dials the world, and gets it.
    OutDirect,
    /// The app dials the world, and gets the proxy.
    OutCaptured,
    /// The app dials an address in an excluded range, and gets it.
    OutExcluded,
    /// The app dials the proxy's port, by `lo`.
    ToProxy,
    /// A client dials the app, and gets it.
    InDirect,
    /// A client dials the app, and gets the proxy.
    InCaptured,
    /// The proxy dials the app from the passthrough source.
    ToApp,
}

/// The two ends of a way.
pub(crate) struct Leg {
    pub(crate) from: Place,
    /// Who makes the sockets that dial and those that are accepted. Only one of the two is told by
    /// rules in each way: outbound the app's, inbound the proxy's.
    pub(crate) user: User,
    pub(crate) source: Option<IpAddr>,
    pub(crate) to: SocketAddr,
    pub(crate) at: Place,
    /// Who makes the listener.
    pub(crate) server: User,
    pub(crate) port: u16,
}

impl Leg {
    pub(crate) fn new(way: Way, family: Family) -> Self {
        use Place::{Peer, Pod};
        let of = |v4: Ipv4Addr, v6: Ipv6Addr| match family {
            Family::V4 => IpAddr::V4(v4),
            Family::V6 => IpAddr::V6(v6),
        };
        let world = of(WORLD_V4, WORLD_V6);
        let excluded = of(EXCLUDED_V4, EXCLUDED_V6);
        let pod = of(POD_V4, POD_V6);
        let local = of(Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
        let passthrough = of(Ipv4Addr::new(127, 0, 0, 6), Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6));
        let leg = |from, to, at, port| Self {
            from,
            user: User::APP,
            source: None,
            to,
            at,
            server: User::APP,
            port,
        };
        let by_proxy = |leg: Self| Self { server: User::PROXY, ..leg };
        match way {
            Way::OutDirect => leg(Pod, (world, WORLD_PORT).into(), Peer, WORLD_PORT),
            Way::OutExcluded => leg(Pod, (excluded, WORLD_PORT).into(), Peer, WORLD_PORT),
            Way::OutCaptured => by_proxy(leg(Pod, (world, WORLD_PORT).into(), Pod, OUTBOUND_PORT)),
            Way::ToProxy => by_proxy(leg(Pod, (local, OUTBOUND_PORT).into(), Pod, OUTBOUND_PORT)),
            Way::InDirect => leg(Peer, (pod, APP_PORT).into(), Pod, APP_PORT),
            Way::InCaptured => Self {
                user: User::PROXY,
                ..by_proxy(leg(Peer, (pod, APP_PORT).into(), Pod, INBOUND_PORT))
            },
            Way::ToApp => Self {
                user: User::PROXY,
                source: Some(passthrough),
                ..leg(Pod, (local, APP_PORT).into(), Pod, APP_PORT)
            },
        }
    }
}
