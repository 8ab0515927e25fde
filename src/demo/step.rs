//! What became of one connection of the demo, and the way it took, hop by hop.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::dns::PROXY_DNS_PORT;
use super::proxy::{Direction, Seen};
use super::scene::{Caller, Family, Scene, Way};
use super::stage::Variant;
use super::{Answer, DemoError, DnsAnswer, ProxyOptions};

/// One connection of the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it is.
    pub title: &'static str,
    /// Its address family.
    pub family: Family,
    /// Who made it.
    pub caller: Caller,
    /// Where it was going.
    pub to: SocketAddr,
    /// Who should answer.
    pub server: &'static str,
    /// The way it should take.
    pub expected: Way,
    /// The way it took; none if it failed.
    pub took: Option<Way>,
    /// The original destination that the proxy read.
    pub original: Option<SocketAddr>,
    /// Who answered.
    pub answered: Option<String>,
    /// The client as the one who answered saw it.
    pub client_seen: Option<IpAddr>,
    /// Why it failed.
    pub failure: Option<String>,
    /// Why it should go past the proxy, if that is not plain, or what carries it.
    pub because: Option<&'static str>,
    /// The hops of the way it took; none if it failed.
    pub hops: Vec<Hop>,
    /// The hops of the way it should take.
    pub expected_hops: Vec<Hop>,
}

/// A place on the way of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    /// A caller, a hook, the proxy's port or a server.
    pub name: String,
    /// The source address with which the proxy reached the app: its own, or with TPROXY the
    /// client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
}

impl Step {
    /// Whether all is as it should be.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        let original_right = self.original.is_none_or(|original| original == self.to);
        self.took == Some(self.expected) && original_right && self.hops == self.expected_hops
    }

    /// What `scene` has come to in a demo of `variant`.
    pub(super) fn new(scene: Scene, variant: Variant, heard: Heard) -> Self {
        let Heard { way, start, original, answer } = heard;
        let start = start.unwrap_or(scene.own);
        let taken = answer.as_ref().map(|said| hops(&scene, way, start, &said.name, said.client));
        let family = if scene.to.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
        let from = match variant {
            Variant::Redirect | Variant::Dns | Variant::Cgroup => passthrough(family),
            Variant::Tproxy => scene.own,
        };
        Self {
            title: scene.title,
            family,
            caller: scene.caller,
            to: scene.to,
            server: scene.server,
            expected: scene.expected,
            took: answer.is_ok().then_some(way),
            original,
            client_seen: answer.as_ref().ok().map(|said| said.client),
            failure: answer.as_ref().err().map(ToString::to_string),
            because: scene.because,
            hops: taken.unwrap_or_default(),
            expected_hops: hops(&scene, scene.expected, scene.own, scene.server, from),
            answered: answer.ok().map(|said| said.name),
        }
    }
}

/// What was heard of a connection, from whoever answered and from the proxy.
pub(super) struct Heard {
    /// The way it took, as far as the proxy saw it.
    way: Way,
    /// The caller as the proxy saw it.
    start: Option<IpAddr>,
    /// The original destination that the proxy read.
    original: Option<SocketAddr>,
    answer: Result<Said, DemoError>,
}

/// The last one on the way.
struct Said {
    name: String,
    /// The client as it was seen there.
    client: IpAddr,
}

impl Heard {
    /// How a connection was answered, and what the proxy saw of it first.
    pub(super) fn of_connection(answer: Result<Answer, DemoError>, seen: Option<&Seen>) -> Self {
        let way = match seen.map(|seen| seen.direction) {
            None => Way::Direct,
            Some(Direction::Outbound) => Way::Outbound,
            Some(Direction::Inbound) => Way::Inbound,
        };
        let answer = answer.map(|answer| Said { name: answer.name, client: answer.peer.ip() });
        let start = seen.map(|seen| seen.peer.ip());
        Self { way, start, original: seen.map(|seen| seen.original), answer }
    }

    /// How a question was answered. Only the proxy's name server asks another one.
    pub(super) fn of_question(answer: Result<DnsAnswer, DemoError>) -> Self {
        let original = None;
        let said = |answer: DnsAnswer| Said { name: answer.name, client: answer.peer.ip() };
        match answer {
            Ok(DnsAnswer { peer, upstream: Some(upstream), .. }) => {
                let start = Some(peer.ip());
                Self { way: Way::Dns, start, original, answer: Ok(said(*upstream)) }
            }
            direct => Self { way: Way::Direct, start: None, original, answer: direct.map(said) },
        }
    }
}

fn passthrough(family: Family) -> IpAddr {
    let proxy = ProxyOptions::default();
    match family {
        Family::Ipv4 => proxy.passthrough_v4.into(),
        Family::Ipv6 => proxy.passthrough_v6.into(),
    }
}

/// The hops from the caller at `start` to `server`, which sees the client at `from`.
///
/// The hook follows from where the caller is: what it sends meets `output`, what comes in from
/// outside meets `prerouting`.
fn hops(scene: &Scene, way: Way, start: IpAddr, server: &str, from: IpAddr) -> Vec<Hop> {
    let hop = |name: String| Hop { name, from: None };
    let caller = scene.caller.name();
    let hook = if scene.caller == Caller::Client { "prerouting" } else { "output" };
    let through = |port: u16| {
        [format!("{caller} {start}"), hook.to_owned(), format!("proxy :{port}")].map(hop)
    };
    let (proxy, to) = (ProxyOptions::default(), scene.to);
    match way {
        Way::Direct => vec![hop(caller.to_owned()), hop(format!("{server} {to}"))],
        Way::Outbound | Way::Dns => {
            let port = if way == Way::Dns { PROXY_DNS_PORT } else { proxy.outbound_port };
            let last = hop(format!("{server} {to}"));
            through(port).into_iter().chain([last]).collect()
        }
        Way::Inbound => {
            let last = Hop { name: format!("{server} :{}", to.port()), from: Some(from) };
            through(proxy.inbound_port).into_iter().chain([last]).collect()
        }
    }
}
