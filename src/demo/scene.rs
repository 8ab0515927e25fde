//! The connections of the demo: who calls whom, and the way it should go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Serialize;

use super::bed::{EXCLUDED_V4, EXCLUDED_V6, PEER_V4, PEER_V6, POD_V4, POD_V6, WORLD_V4, WORLD_V6};
use super::dns::{DNS_PORT, Transport};
use super::stage::Variant;

pub(super) const APP_PORT: u16 = 8080;
pub(super) const WORLD_PORT: u16 = 80;
/// One of the ports that the default policy leaves alone.
pub(super) const EXCLUDED_PORT: u16 = 15021;

/// The way that a connection took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// Past the proxy.
    Direct,
    /// Through the proxy's outbound port.
    Outbound,
    /// Through the proxy's inbound port.
    Inbound,
    /// Through the proxy's name server, which asks another one.
    Dns,
}

/// Who connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Caller {
    /// The application in the pod.
    App,
    /// Somebody outside of the pod.
    Client,
    /// The proxy in the pod.
    Proxy,
}

impl Caller {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Client => "client",
            Self::Proxy => "proxy",
        }
    }
}

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// One connection to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    pub(super) title: &'static str,
    pub(super) caller: Caller,
    /// The caller's address.
    pub(super) own: IpAddr,
    pub(super) to: SocketAddr,
    pub(super) expected: Way,
    /// Who should answer.
    pub(super) server: &'static str,
    /// A note: why it should go past the proxy, or what carries it.
    pub(super) because: Option<&'static str>,
    /// What carries it, if it is a question to a name server.
    pub(super) question: Option<Transport>,
}

/// Where everything is in one family.
struct Map {
    pod: IpAddr,
    client: IpAddr,
    world: IpAddr,
    excluded: IpAddr,
    loopback: IpAddr,
}

impl Map {
    fn of(family: Family) -> Self {
        match family {
            Family::Ipv4 => Self {
                pod: POD_V4.into(),
                client: PEER_V4.into(),
                world: WORLD_V4.into(),
                excluded: EXCLUDED_V4.into(),
                loopback: Ipv4Addr::LOCALHOST.into(),
            },
            Family::Ipv6 => Self {
                pod: POD_V6.into(),
                client: PEER_V6.into(),
                world: WORLD_V6.into(),
                excluded: EXCLUDED_V6.into(),
                loopback: Ipv6Addr::LOCALHOST.into(),
            },
        }
    }

    fn scene(
        &self,
        title: &'static str,
        caller: Caller,
        to: (IpAddr, u16),
        expected: Way,
        because: Option<&'static str>,
    ) -> Scene {
        let own = if caller == Caller::Client { self.client } else { self.pod };
        let server = if to.1 == WORLD_PORT { "world" } else { "app" };
        Scene { title, caller, own, to: to.into(), expected, server, because, question: None }
    }

    /// A question to the world's name server.
    fn question(&self, title: &'static str, caller: Caller, transport: Transport) -> Scene {
        let to = (self.world, DNS_PORT).into();
        let expected = if caller == Caller::Proxy { Way::Direct } else { Way::Dns };
        let because = match transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        };
        let (server, own) = ("resolver", self.pod);
        let (because, question) = (Some(because), Some(transport));
        Scene { title, caller, own, to, expected, server, because, question }
    }
}

/// All connections of one family, in the order in which they are made and shown.
pub(super) fn scenes(family: Family, variant: Variant) -> Vec<Scene> {
    let questions = match variant {
        Variant::Dns => questions(family).to_vec(),
        Variant::Redirect | Variant::Tproxy | Variant::Cgroup => Vec::new(),
    };
    connections(family).into_iter().chain(questions).collect()
}

fn questions(family: Family) -> [Scene; 4] {
    use {Caller::*, Transport::*};
    let map = Map::of(family);
    [
        map.question("the app asks a name server over UDP", App, Udp),
        map.question("the app asks a name server over TCP", App, Tcp),
        map.question("the proxy asks a name server over UDP", Proxy, Udp),
        map.question("the proxy asks a name server over TCP", Proxy, Tcp),
    ]
}

fn connections(family: Family) -> [Scene; 8] {
    use {Caller::*, Way::*};
    let map = Map::of(family);
    let (world, app) = ((map.world, WORLD_PORT), (map.pod, APP_PORT));
    let (excluded, loopback) = ((map.excluded, WORLD_PORT), (map.loopback, APP_PORT));
    let to_loopback = match family {
        Family::Ipv4 => "the app calls 127.0.0.1",
        Family::Ipv6 => "the app calls ::1",
    };
    let past = (map.pod, EXCLUDED_PORT);
    [
        map.scene("the app calls out", App, world, Outbound, None),
        map.scene("a client calls in", Client, app, Inbound, None),
        map.scene("the proxy calls its own pod", Proxy, app, Inbound, None),
        map.scene("the proxy calls out", Proxy, world, Direct, None),
        map.scene("the app calls an excluded range", App, excluded, Direct, Some("excluded range")),
        map.scene("a client calls an excluded port", Client, past, Direct, Some("excluded port")),
        map.scene("the app calls its own address", App, app, Direct, Some("its own address")),
        map.scene(to_loopback, App, loopback, Direct, Some("loopback")),
    ]
}
