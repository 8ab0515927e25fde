//! What the demo shows: capture applied in a pod made for it, and connections of every kind.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Serialize;

use crate::apply::{
    ApplyError, ApplyOptions, Captured, HostRule, LiveConnections, RemoveOptions, Target, apply,
    remove,
};
use crate::policy::CapturePolicy;
use crate::verify::verify;

use super::bed::{EXCLUDED_V4, EXCLUDED_V6, POD_V4, POD_V6, WORLD_V4, WORLD_V6};
use super::{
    Bed, BedOptions, DemoError, Direction, EchoServer, Proxy, ProxyOptions, User, connect,
};

/// The policy of the demo.
pub const POLICY: &str = "\
apiVersion: nftdivert/v1
kind: CapturePolicy
outbound:
  excludeRanges: [198.51.100.0/24, 2001:db8:1::/48]
";

const APP_PORT: u16 = 8080;
const WORLD_PORT: u16 = 80;
/// One of the ports that the default policy leaves alone.
const EXCLUDED_PORT: u16 = 15021;
const LIMIT: Duration = Duration::from_secs(1);

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
}

/// One connection of the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it is.
    pub title: &'static str,
    /// Where it was going.
    pub to: SocketAddr,
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
}

impl Step {
    /// Whether all is as it should be.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        let original_right = self.original.is_none_or(|original| original == self.to);
        self.took == Some(self.expected) && original_right
    }
}

/// What the demo showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// How many rules were written.
    pub rules: usize,
    /// The connections.
    pub steps: Vec<Step>,
    /// Whether the rules still held after them.
    pub verified: bool,
    /// Whether nothing of ours was left after removal.
    pub removed: bool,
}

impl Story {
    /// Whether all of it is as it should be.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.verified && self.removed && self.steps.iter().all(Step::is_as_expected)
    }
}

/// Who connects to what, and the way it should go.
type Scene = (&'static str, Caller, SocketAddr, Way);

#[derive(Debug, Clone, Copy)]
enum Caller {
    App,
    Peer,
    Proxy,
}

fn scenes() -> Vec<Scene> {
    let at = |address: IpAddr, port| SocketAddr::new(address, port);
    let mut scenes = Vec::new();
    let families: [[IpAddr; 3]; 2] = [
        [WORLD_V4.into(), POD_V4.into(), EXCLUDED_V4.into()],
        [WORLD_V6.into(), POD_V6.into(), EXCLUDED_V6.into()],
    ];
    for [world, pod, excluded] in families {
        scenes.extend([
            ("the app calls out", Caller::App, at(world, WORLD_PORT), Way::Outbound),
            ("a client calls in", Caller::Peer, at(pod, APP_PORT), Way::Inbound),
            ("the proxy calls its own pod", Caller::Proxy, at(pod, APP_PORT), Way::Inbound),
            ("the proxy calls out", Caller::Proxy, at(world, WORLD_PORT), Way::Direct),
            ("the app calls an excluded range", Caller::App, at(excluded, WORLD_PORT), Way::Direct),
            ("a client calls an excluded port", Caller::Peer, at(pod, EXCLUDED_PORT), Way::Direct),
            ("the app calls its own address", Caller::App, at(pod, APP_PORT), Way::Direct),
        ]);
    }
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    scenes.push(("the app calls 127.0.0.1", Caller::App, at(loopback, APP_PORT), Way::Direct));
    scenes
}

/// Makes the namespaces, applies, connects, verifies, removes. Nothing is left when it returns,
/// nor when it is killed.
///
/// # Errors
/// The namespaces can't be made, or capture can't be applied.
pub fn tell() -> Result<Story, StoryError> {
    let bed = Bed::new(BedOptions::default())?;
    let target = Target::other(bed.pod.try_clone().map_err(DemoError::from)?, HostRule::Refuse);
    let policy = CapturePolicy::from_yaml(POLICY).unwrap_or_default();
    let options = ApplyOptions { source: "demo".to_owned(), live: LiveConnections::Keep };
    let applied = apply(&target, &policy, &options)?;
    let steps = play(&bed)?;
    let verified = verify(&target, &policy)?.differences.is_empty();
    let options = RemoveOptions { captured: Captured::Cut, progress: &|_| {} };
    let removed = remove(&target, &options)?.was_there && !remove(&target, &options)?.was_there;
    Ok(Story { rules: applied.plan.ruleset.rules().count(), steps, verified, removed })
}

fn play(bed: &Bed) -> Result<Vec<Step>, DemoError> {
    let all = |port| [SocketAddr::from(([0, 0, 0, 0], port)), SocketAddr::from(([0u16; 8], port))];
    let proxy = Proxy::start(&bed.pod, ProxyOptions::default())?;
    let ports = [all(APP_PORT), all(EXCLUDED_PORT)].concat();
    let _app = EchoServer::start(&bed.pod, User::APP, "app", &ports)?;
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &all(WORLD_PORT))?;
    Ok(scenes().into_iter().map(|scene| step(bed, &proxy, scene)).collect())
}

fn step(bed: &Bed, proxy: &Proxy, (title, caller, to, expected): Scene) -> Step {
    let (place, user) = match caller {
        Caller::App => (&bed.pod, User::APP),
        Caller::Peer => (&bed.peer, User::APP),
        Caller::Proxy => (&bed.pod, User::PROXY),
    };
    let before = proxy.seen().len();
    let answer = connect(place, user, to, LIMIT);
    let seen = proxy.seen().into_iter().nth(before);
    let way = match seen.as_ref().map(|seen| seen.direction) {
        None => Way::Direct,
        Some(Direction::Outbound) => Way::Outbound,
        Some(Direction::Inbound) => Way::Inbound,
    };
    Step {
        title,
        to,
        expected,
        took: answer.is_ok().then_some(way),
        original: seen.map(|seen| seen.original),
        client_seen: answer.as_ref().ok().map(|answer| answer.peer.ip()),
        failure: answer.as_ref().err().map(ToString::to_string),
        answered: answer.ok().map(|answer| answer.name),
    }
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// The namespaces or what runs in them.
    #[error("{0}")]
    Demo(#[from] DemoError),
    /// Capture.
    #[error("{0}")]
    Apply(#[from] ApplyError),
}
