//! A pod with its app, its proxy and its world, and what the tests do and look at in it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::apply::{
    Applied, ApplyError, ApplyOptions, Captured, HostRule, LiveConnections, OtherMeshes,
    RemoveOptions, Removed, Target, apply, remove,
};
use nftdivert::demo::bed::{WORLD_V4, WORLD_V6};
use nftdivert::demo::{
    Bed, BedOptions, Conversation, Dial, EchoServer, Outcome, Proxy, ProxyOptions, User,
};
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;

pub(crate) use nftdivert_integration::knock::{Way, ways};

const TCP_LOOSE: &str = "/proc/sys/net/netfilter/nf_conntrack_tcp_loose";

pub(crate) struct Pod {
    pub(crate) bed: Bed,
    pub(crate) proxy: Proxy,
    _world: EchoServer,
    _app: EchoServer,
}

impl Pod {
    pub(crate) fn new() -> Self {
        let bed = Bed::new(BedOptions::default()).unwrap();
        let proxy = Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
        let world = [(WORLD_V4, 80).into(), (WORLD_V6, 80).into()];
        let app = [(Ipv4Addr::UNSPECIFIED, 8080).into(), (Ipv6Addr::UNSPECIFIED, 8080).into()];
        let world = EchoServer::start(&bed.peer, User::ROOT, "world", &world).unwrap();
        let app = EchoServer::start(&bed.pod, User::APP, "app", &app).unwrap();
        Self { bed, proxy, _world: world, _app: app }
    }

    pub(crate) fn target(&self) -> Target {
        target(&self.bed.pod)
    }

    pub(crate) fn apply(&self, policy: &CapturePolicy) -> Result<Applied, ApplyError> {
        apply(&self.target(), policy, &options())
    }

    pub(crate) fn remove(&self, captured: Captured) -> Result<Removed, ApplyError> {
        remove(&self.target(), &RemoveOptions { captured, progress: &|_| () })
    }

    /// Where clients of this way are, and as whom.
    pub(crate) fn client(&self, way: Way) -> (&Netns, User) {
        way.client(&self.bed)
    }

    pub(crate) fn talk(&self, way: Way) -> Conversation {
        let (place, user) = self.client(way);
        Dial::new(user, way.to).open(place).unwrap_or_else(|error| panic!("{way:?}: {error}"))
    }

    /// One conversation each way.
    pub(crate) fn talks(&self) -> Vec<(Way, Conversation)> {
        ways().map(|way| (way, self.talk(way))).into()
    }

    /// Whether the proxy passed on what came from `local`.
    pub(crate) fn has_captured(&self, way: Way, local: SocketAddr) -> bool {
        self.proxy.seen().iter().any(|seen| {
            (seen.direction, seen.original, seen.peer) == (way.direction, way.to, local)
                && seen.outcome == Outcome::Forwarded
        })
    }

    /// New connections of every way go through the proxy.
    pub(crate) fn captures_all(&self) {
        for (way, talk) in self.talks() {
            assert!(self.has_captured(way, talk.local().unwrap()), "{way:?} passed the proxy by");
            assert_ne!(talk.answer.peer, talk.local().unwrap(), "{way:?}");
        }
    }

    /// New connections of every way go past the proxy.
    pub(crate) fn captures_none(&self) {
        for (way, talk) in self.talks() {
            assert!(!self.has_captured(way, talk.local().unwrap()), "{way:?} was captured");
            assert_eq!(talk.answer.peer, talk.local().unwrap(), "{way:?}");
        }
    }
}

pub(crate) fn target(place: &Netns) -> Target {
    Target::other(place.try_clone().unwrap(), HostRule::Refuse)
}

pub(crate) fn options() -> ApplyOptions {
    ApplyOptions { source: "live".into(), live: LiveConnections::Keep, others: OtherMeshes::Refuse }
}

pub(crate) fn policy(text: &str) -> CapturePolicy {
    CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}\n")).unwrap()
}

pub(crate) fn echo_all(talks: &mut [(Way, Conversation)]) {
    for (way, talk) in talks {
        talk.echo(b"still here").unwrap_or_else(|error| panic!("{way:?}: {error}"));
    }
}

pub(crate) fn tcp_loose(place: &Netns) -> u32 {
    place.run(|| fs::read_to_string(TCP_LOOSE)).unwrap().unwrap().trim().parse().unwrap()
}

pub(crate) fn set_tcp_loose(place: &Netns, value: u32) {
    place.run(|| fs::write(TCP_LOOSE, value.to_string())).unwrap().unwrap();
}

pub(crate) fn run(place: &Netns, command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = place.run(|| command.spawn()).unwrap().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What a program that works says.
pub(crate) fn said(place: &Netns, words: &str, input: &str) -> String {
    let mut words = words.split(' ');
    let mut command = Command::new(words.next().unwrap());
    let output = run(place, command.args(words), input);
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything that capture could leave behind, as other programs see it.
///
/// In what order chains stand is no part of it: one that was made anew stands last.
pub(crate) fn state(place: &Netns) -> String {
    let listed = said(place, "nft list ruleset", "");
    let mut blocks: Vec<&str> =
        listed.split("\n\tchain ").map(|b| b.trim_end_matches(['\n', '}'])).collect();
    blocks.sort_unstable();
    let ruleset = blocks.join("\n");
    let addresses = said(place, "ip -6 -brief address show dev lo", "");
    format!("{ruleset}{addresses}tcp_loose {}", tcp_loose(place))
}

pub(crate) fn until(what: &str, done: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < limit, "{what}: not within ten seconds");
        sleep(Duration::from_millis(2));
    }
}

/// The program that applies and removes on its own.
pub(crate) fn step() -> &'static str {
    env!("CARGO_BIN_EXE_live_step")
}

/// A file with the policy's YAML form.
pub(crate) fn policy_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "apiVersion: nftdivert/v1\n{text}\n").unwrap();
    file
}
