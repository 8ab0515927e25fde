//! All pairs of modes on one pod, each over another: connections fare as the policy in force says.

use std::net::SocketAddr;

use nftdivert::demo::{Bed, Ipv6Support};
use nftdivert::demo::{
    Dial, Member, NameServer, NameServerOptions, ProxyOptions, Query, Transport, User,
};
use nftdivert_integration::fixture::{Fixture, Scene, assert_clean, take_away};
use nftdivert_integration::listing::{listed, planned};

use crate::harness::{OWN, State, called_itself, captured, pod, transparent, world};

const MODES: [&str; 3] = ["redirect", "tproxy", "tproxyFast"];
const DNS: [&str; 3] = ["off", "all", "listed"];
const IPV6: [&str; 3] = ["capture", "bypass", "reject"];
const MARK: u32 = 0x10000;

/// One of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Modes {
    mode: &'static str,
    dns: &'static str,
    identity: Identity,
    ipv6: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identity {
    Uid,
    Mark,
}

/// All 54, so that neighbours differ in more than one thing.
pub(crate) fn all() -> Vec<Modes> {
    let of = |number: usize| Modes {
        mode: MODES[number % 3],
        dns: DNS[number / 3 % 3],
        ipv6: IPV6[number / 9 % 3],
        identity: if number / 27 == 0 { Identity::Uid } else { Identity::Mark },
    };
    // 31 and 54 have no common divisor: every number once.
    (0..54).map(|turn| of(turn * 31 % 54)).collect()
}

impl Modes {
    pub(crate) fn policy(self) -> String {
        let identity = match self.identity {
            Identity::Uid => "uids: [1337], gids: [1337]".to_owned(),
            Identity::Mark => format!("uids: [], gids: [], mark: {MARK:#x}/{MARK:#x}"),
        };
        let servers = match self.dns {
            "listed" => ", servers: [192.0.2.10, '2001:db8::10']",
            _ => "",
        };
        format!(
            "inbound: {{mode: {}}}\ndns: {{capture: {}{servers}}}\nproxy: {{{identity}}}\nipv6: {}",
            self.mode, self.dns, self.ipv6
        )
    }

    /// Who is the proxy, and who has only the other thing that could tell it.
    fn members(self) -> [Member; 2] {
        let (uid, mark) = (User::PROXY.into(), User::APP.marked(MARK));
        match self.identity {
            Identity::Uid => [uid, mark],
            Identity::Mark => [mark, uid],
        }
    }

    fn inbound(self, fixture: &Fixture) {
        let [four, six] = pod(8080);
        captured(fixture, OWN, four);
        match self.ipv6 {
            "capture" => drop(captured(fixture, OWN, six)),
            "bypass" => fixture.direct_inbound(six, "app"),
            _ => is_refused(fixture, &fixture.bed.peer, Dial::new(User::ROOT, six)),
        }
    }

    fn outbound(self, fixture: &Fixture) {
        let [four, six] = world(80);
        let [proxy, other] = self.members();
        let place = &fixture.bed.pod;
        fixture.captured_outbound(User::APP, four);
        fixture.is_direct(place, &Dial::new(proxy.clone(), four), "world");
        let before = fixture.proxy.seen().len();
        drop(Dial::new(other, four).open(place).unwrap());
        assert_eq!(fixture.proxy.seen().len(), before + 1, "not the proxy");
        match self.ipv6 {
            "capture" => {
                fixture.captured_outbound(User::APP, six);
                fixture.is_direct(place, &Dial::new(proxy, six), "world");
            }
            "bypass" => fixture.direct(User::APP, six, "world"),
            _ => is_refused(fixture, place, Dial::new(User::APP, six)),
        }
    }

    fn calls_itself(self, fixture: &Fixture) {
        let [four, six] = pod(8080);
        let [proxy, _] = self.members();
        called_itself(fixture, Dial::new(proxy.clone(), four), OWN, four);
        fixture.direct(User::APP, four, "app");
        fixture.direct(User::APP, six, "app");
        let dial = Dial::new(proxy, six);
        match self.ipv6 {
            "capture" => called_itself(fixture, dial, OWN, six),
            _ => fixture.is_direct(&fixture.bed.pod, &dial, "app"),
        }
    }

    fn name_queries(self, fixture: &Fixture) {
        let [four, six] = world(53);
        let unlisted: SocketAddr = "198.51.100.10:53".parse().unwrap();
        let proxy = "dns-proxy";
        let listed = if self.dns == "off" { "resolver" } else { proxy };
        let other = if self.dns == "all" { proxy } else { "resolver" };
        for transport in [Transport::Udp, Transport::Tcp] {
            let ask = |to| Query::new(User::APP, to, transport).ask(&fixture.bed.pod);
            assert_eq!(ask(four).unwrap().name, listed, "{transport:?}");
            assert_eq!(ask(unlisted).unwrap().name, other, "{transport:?}");
            let six = ask(six);
            match self.ipv6 {
                "capture" => assert_eq!(six.unwrap().name, listed, "{transport:?}"),
                "bypass" => assert_eq!(six.unwrap().name, "resolver", "{transport:?}"),
                _ => assert!(six.is_err(), "{transport:?}: {six:?}"),
            }
        }
    }
}

#[track_caller]
fn is_refused(fixture: &Fixture, place: &nftdivert::net::netns::Netns, dial: Dial) {
    let before = fixture.proxy.seen().len();
    let error = dial.open(place).unwrap_err();
    assert_eq!(error.io_kind(), Some(std::io::ErrorKind::ConnectionRefused), "{error}");
    assert_eq!(fixture.proxy.seen().len(), before);
}

/// A pod whose proxy has both things that could tell it.
pub(crate) fn fixture() -> (Fixture, [NameServer; 2]) {
    let member = User::PROXY.marked(MARK);
    let proxy = ProxyOptions { member: member.clone(), ..transparent(OWN) };
    let fixture = Fixture::start(&Scene { proxy, ..Scene::default() });
    take_away(&fixture.bed.pod).unwrap();
    let Bed { pod, peer } = &fixture.bed;
    let own = NameServerOptions { member, ..NameServerOptions::of_proxy(Ipv6Support::On) };
    let own = NameServer::start(pod, own).unwrap();
    let world = NameServerOptions::of_world(Ipv6Support::On);
    let world = NameServer::start(peer, world).unwrap();
    (fixture, [own, world])
}

#[test]
fn connections_fare_as_the_policy_in_force_says() {
    let (fixture, _names) = fixture();
    let place = &fixture.bed.pod;
    let before = State::of(place);
    for modes in all() {
        println!("{modes:?}");
        let applied = fixture.replace(&modes.policy());
        assert_eq!(listed(place), planned(&applied.plan));
        drop(applied);
        assert_clean(place, &modes.policy());
        modes.inbound(&fixture);
        modes.outbound(&fixture);
        modes.calls_itself(&fixture);
        modes.name_queries(&fixture);
    }
    take_away(place).unwrap();
    assert_eq!(State::of(place), before);
}
