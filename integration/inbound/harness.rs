//! Pods whose proxy takes what TPROXY steers, and what there is to look at in them.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use nftdivert::demo::bed::{PEER_V4, PEER_V6, POD_V4, POD_V6, WORLD_V4, WORLD_V6};
use nftdivert::demo::{
    AppSource, Conversation, Dial, Direction, Outcome, ProxyOptions, Seen, User,
};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::PASSTHROUGH;
use nftdivert_integration::fixture::{Fixture, Scene};
use nftdivert_integration::shell::{ip, lo_ipv6, nft_list, program, sysctl};

/// The proxy dials the app with the client's address.
pub(crate) const CLIENT: AppSource = AppSource::Client { mark: 1337 };
/// The proxy dials the app from the passthrough source.
pub(crate) const OWN: AppSource = AppSource::Passthrough;
/// Those that steer with TPROXY.
pub(crate) const STEERING: [&str; 2] = ["tproxy", "tproxyFast"];
/// A wait that a refusal does not take.
pub(crate) const QUICK: Duration = Duration::from_millis(500);

const SETTINGS: [&str; 4] = [
    "ipv4/tcp_fwmark_accept",
    "ipv4/fwmark_reflect",
    "ipv6/fwmark_reflect",
    "netfilter/nf_conntrack_tcp_loose",
];

/// One way in which TPROXY is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) mode: &'static str,
    pub(crate) source: AppSource,
    /// `net.ipv4.tcp_syncookies`; with 2 the kernel remembers nothing of any first packet.
    cookies: &'static str,
}

/// All of them.
pub(crate) fn cases() -> impl Iterator<Item = Case> {
    let ways = STEERING.into_iter().flat_map(|mode| [CLIENT, OWN].map(|source| (mode, source)));
    ways.flat_map(|(mode, source)| ["1", "2"].map(|cookies| Case { mode, source, cookies }))
}

/// A policy of this mode with more of `inbound`, and more besides.
pub(crate) fn policy(mode: &str, inbound: &str, more: &str) -> String {
    format!("inbound: {{mode: {mode}{inbound}}}\n{more}")
}

/// A proxy that takes what TPROXY steers.
pub(crate) fn transparent(app_source: AppSource) -> ProxyOptions {
    ProxyOptions { transparent: true, app_source, ..ProxyOptions::default() }
}

impl Case {
    /// The usual scene in this way, with more of `inbound`, and more besides.
    #[track_caller]
    pub(crate) fn start(self, inbound: &str, more: &str) -> Fixture {
        self.start_with(inbound, more, &[8080])
    }

    /// The same with the app on these ports.
    #[track_caller]
    pub(crate) fn start_with(self, inbound: &str, more: &str, app: &[u16]) -> Fixture {
        let policy = policy(self.mode, inbound, more);
        let fixture = scene(&policy, self.source, app);
        set(&fixture.bed.pod, "ipv4/tcp_syncookies", self.cookies);
        fixture
    }
}

/// The usual scene with a proxy that takes what TPROXY steers.
#[track_caller]
pub(crate) fn scene(policy: &str, source: AppSource, app: &[u16]) -> Fixture {
    Fixture::start(&Scene { policy, proxy: transparent(source), app, ..Scene::default() })
}

/// The pod's own addresses.
pub(crate) fn pod(port: u16) -> [SocketAddr; 2] {
    [(POD_V4, port).into(), (POD_V6, port).into()]
}

/// The world.
pub(crate) fn world(port: u16) -> [SocketAddr; 2] {
    [(WORLD_V4, port).into(), (WORLD_V6, port).into()]
}

/// The peer's own addresses.
pub(crate) fn peer() -> [IpAddr; 2] {
    [PEER_V4.into(), PEER_V6.into()]
}

/// A peer's connection that is captured, and reaches the app as the proxy was told.
#[track_caller]
pub(crate) fn captured(fixture: &Fixture, source: AppSource, to: SocketAddr) -> Conversation {
    let client = peer()[usize::from(to.is_ipv6())];
    passed_on(fixture, &fixture.bed.peer, Dial::new(User::ROOT, to), (source, client, to))
}

/// A call of the pod to itself that is captured.
#[track_caller]
pub(crate) fn called_itself(fixture: &Fixture, dial: Dial, source: AppSource, to: SocketAddr) {
    passed_on(fixture, &fixture.bed.pod, dial, (source, to.ip(), to));
}

#[track_caller]
fn passed_on(
    fixture: &Fixture,
    place: &Netns,
    dial: Dial,
    (source, client, to): (AppSource, IpAddr, SocketAddr),
) -> Conversation {
    let before = fixture.proxy.seen().len();
    let mut talk = match dial.open(place) {
        Ok(talk) => talk,
        Err(error) => panic!("{error}; the proxy saw {:?}", &fixture.proxy.seen()[before..]),
    };
    talk.echo(b"anybody there").unwrap();
    let own = talk.local().unwrap();
    assert_eq!((talk.answer.name.as_str(), talk.answer.local), ("app", to));
    let from = match source {
        AppSource::Passthrough => PASSTHROUGH[usize::from(to.is_ipv6())],
        AppSource::Client { .. } => client,
    };
    assert_eq!(talk.answer.peer.ip(), from, "{to}");
    assert_ne!(talk.answer.peer, own, "{to}: the app talks with its client itself");
    let seen = fixture.proxy.seen().split_off(before);
    let [seen] = seen.as_slice() else { panic!("{to}: the proxy saw {seen:?}") };
    assert_eq!(brief(seen), (Direction::Inbound, own, to, Outcome::Forwarded));
    talk
}

pub(crate) fn brief(seen: &Seen) -> (Direction, SocketAddr, SocketAddr, Outcome) {
    (seen.direction, seen.peer, seen.original, seen.outcome)
}

/// Everything that capture could leave behind, as other programs and the kernel's files tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) ruleset: String,
    pub(crate) rules: [Vec<String>; 2],
    pub(crate) routes: [Vec<String>; 2],
    pub(crate) settings: [String; 4],
    pub(crate) addresses: Vec<String>,
}

impl State {
    pub(crate) fn of(place: &Netns) -> Self {
        Self { ruleset: nft_list(place, "ruleset"), ..Self::without_rules(place) }
    }

    /// All but nf_tables.
    pub(crate) fn without_rules(place: &Netns) -> Self {
        let lines = |words: &str| -> Vec<String> {
            ip(place, words).lines().map(|line| line.trim().to_owned()).collect()
        };
        let tables = |family: &str| -> Vec<String> {
            let all = lines(&format!("{family} route show table all"));
            let known = |line: &String| line.contains("table local") || !line.contains("table ");
            all.into_iter().filter(|line| !known(line)).collect()
        };
        let mut addresses = lo_ipv6(place);
        addresses.sort();
        Self {
            ruleset: String::new(),
            rules: ["-4", "-6"].map(|family| lines(&format!("{family} rule"))),
            routes: ["-4", "-6"].map(tables),
            settings: SETTINGS.map(|name| sysctl(place, name)),
            addresses,
        }
    }
}

/// The connections that conntrack knows in `place`.
pub(crate) fn tracked(place: &Netns) -> Vec<String> {
    program(place, &["conntrack", "-L", "-o", "extended"], "").lines().map(str::to_owned).collect()
}

/// Whether conntrack knows a connection from this end.
pub(crate) fn is_tracked(place: &Netns, from: SocketAddr) -> bool {
    let (source, port) = (format!("src={}", from.ip()), format!("sport={}", from.port()));
    let all = tracked(place);
    all.iter().any(|line| {
        line.split(' ').any(|word| word == source) && line.split(' ').any(|word| word == port)
    })
}

/// Writes a setting under `/proc/sys/net`.
#[track_caller]
pub(crate) fn set(place: &Netns, name: &str, value: &str) {
    place.run(|| fs::write(format!("/proc/sys/net/{name}"), value)).unwrap().expect(name);
}

#[track_caller]
pub(crate) fn until(what: &str, done: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(10);
    while !done() {
        assert!(Instant::now() < limit, "{what}: not within ten seconds");
        std::thread::sleep(Duration::from_millis(2));
    }
}
