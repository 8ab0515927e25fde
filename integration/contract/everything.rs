//! A policy with every setting at once: each line decides where the lines before it don't.

use std::net::SocketAddr;

use nftdivert::demo::{Dial, Transport, User};
use nftdivert_integration::asserts::{PASSTHROUGH, at};
use nftdivert_integration::fate::{Case, From};

use crate::scene::{Mode, localhost, own, scene, world};

const POLICY: &str = "
proxy: {uids: [1337, 2102], gids: [1337]}
inbound:
  mode: MODE
  excludePorts: [9090]
  excludeSources: [192.0.2.10, '2001:db8::10']
  dropInvalid: true
outbound:
  ranges: [198.16.0.0/16, 'fd99:1::/32']
  excludeRanges: [198.16.9.0/24, 'fd99:1:9::/48']
  includePorts: [443]
  excludePorts: [3306]
  services: [{address: 198.17.0.1, port: 8000}, {address: 'fd99:2::1', port: 8000}]
  ownerGroups: {include: [1000, 1001]}
  excludePortsByUid: [{uids: [1001], ports: [8443]}]
interfaces: {exclude: [side0], virtual: [virt0]}
dns: {capture: listed, servers: [192.0.2.10, '2001:db8::10', 127.0.0.1, '::1']}
";

/// A user of no group that is included.
const OTHER: User = User::new(1000, 50);
/// The user that has ports of its own.
const BY_UID: User = User::new(1001, 1001);

/// Somebody in the included range, in the excluded part of it, at the service and beside it, on
/// the peer's side of the excluded interface.
fn known(n: usize, port: u16) -> [SocketAddr; 5] {
    let v4 = ["198.16.0.1", "198.16.9.1", "198.17.0.1", "198.17.0.2", "10.89.0.1"];
    let v6 = ["fd99:1::1", "fd99:1:9::1", "fd99:2::1", "fd99:2::2", "fd89::1"];
    at(if n == 0 { v4 } else { v6 }, port)
}

fn outbound(n: usize, inbound: &str) -> Vec<Case> {
    let own = |port| own(port)[n];
    let world = |port| world(port)[n];
    let localhost = |port| localhost(port)[n];
    let [range, ..] = known(n, 80);
    let [range_443, excluded_443, .., beside_443] = known(n, 443);
    let [range_3306, ..] = known(n, 3306);
    let [range_8443, _, service_8443, ..] = known(n, 8443);
    let [_, _, service, beside_service, _] = known(n, 8000);
    let passthrough = Dial::new(User::PROXY, own(8080)).source(PASSTHROUGH[n]);
    let (app, proxy) = (User::APP, User::PROXY);
    let (direct, captured) = ("direct to world", "outbound to world");
    vec![
        Case::out("2 excluded interface, included port", app, beside_443, direct),
        Case::out("3 excluded port, included range", app, range_3306, direct),
        Case::out("3 excluded port of a user", BY_UID, range_8443, direct),
        Case::out("13 another port of that user", BY_UID, range, captured),
        Case::out("13 that port of another user", app, range_8443, captured),
        Case::dial("4 passthrough", From::Pod, (passthrough, own(8080)), "direct to app"),
        Case::out("5 the proxy's call of its pod", proxy, own(8080), inbound),
        Case::out("5 the second user's", User::new(2102, 5), own(8080), inbound),
        Case::out("5 the group's", User::new(5, 1337), own(8080), inbound),
        Case::out("5 its tunnel port", proxy, own(15008), "direct to app"),
        Case::out("6 the app by lo", app, own(8080), "direct to app"),
        Case::out("6 the app by lo, included port", app, own(443), "direct to app"),
        Case::out("7 the proxy, included range", proxy, range, direct),
        Case::out("7 the proxy, included port", User::new(2102, 5), range_443, direct),
        Case::out("8 another group, included range", OTHER, range, direct),
        Case::out("8 another group, included port", OTHER, range_443, direct),
        Case::out("8 another group, service", OTHER, service, direct),
        Case::out("10 loopback, included port", app, localhost(443), "direct to app"),
        Case::out("10 loopback, proxy", proxy, localhost(443), "direct to app"),
        Case::out("11 excluded range, included port", app, excluded_443, direct),
        Case::out("12 included port anywhere", app, world(443), captured),
        Case::out("13 included range", app, range, captured),
        Case::out("14 service", app, service, captured),
        Case::out("14 its address, another port", app, service_8443, direct),
        Case::out("14 its port, another address", app, beside_service, direct),
        Case::out("15 the rest", app, world(80), direct),
    ]
}

fn name_queries(n: usize) -> Vec<Case> {
    let unlisted = at(["198.51.100.10", "2001:db8:1::10"], 53)[n];
    let (listed, own, localhost) = (world(53)[n], own(53)[n], localhost(53)[n]);
    let mut cases = Vec::new();
    for transport in [Transport::Udp, Transport::Tcp] {
        let ask = |what, user, server, wanted| Case::ask(what, user, (transport, server), wanted);
        cases.extend([
            ask("5 not port 53", User::PROXY, own, "direct answered by own"),
            ask("6 by lo, listed: goes on", User::APP, localhost, "direct answered by dns-proxy"),
            ask("6 by lo, unlisted", User::APP, own, "direct answered by own"),
            ask("7 the proxy's", User::PROXY, listed, "direct answered by resolver"),
            ask("8 another group's", OTHER, listed, "direct answered by resolver"),
            ask("9 listed", User::APP, listed, "direct answered by dns-proxy"),
            ask("15 unlisted", User::APP, unlisted, "direct answered by resolver"),
        ]);
    }
    cases
}

fn inbound(n: usize, inbound: &str) -> Vec<Case> {
    let own = |port| own(port)[n];
    let beside = at(["10.89.0.2", "fd89::2"], 8080)[n];
    let behind = |what: &str, to, wanted| {
        let dial = Dial::new(User::ROOT, to);
        Case::dial(what, From::Behind, (dial, to), wanted)
    };
    let [range, _, _, _, _] = known(n, 80);
    let [range_443, ..] = known(n, 443);
    let [_, _, service, ..] = known(n, 8000);
    let mut excluded = Dial::new(User::ROOT, own(8080));
    excluded = excluded.source(world(0)[n].ip());
    vec![
        Case::into_pod("in 1 excluded interface", beside, "direct to app"),
        behind("in 1 virtual interface: 13", range, "outbound to world"),
        behind("in 1 virtual interface: 12", range_443, "outbound to world"),
        behind("in 1 virtual interface: 12, then 5", own(443), "outbound, inbound to app"),
        behind("in 1 virtual interface: 14", service, "outbound to world"),
        behind("in 1 virtual interface: 15, never inbound", own(8080), "direct to app"),
        Case::into_pod("in 2 the tunnel port", own(15008), "direct to app"),
        Case::dial("in 2 excluded source", From::Outside, (excluded, own(8080)), "direct to app"),
        Case::into_pod("in 3 an excluded port", own(9090), "direct to app"),
        Case::into_pod("in 3 the rest", own(8080), inbound),
        Case::into_pod("in 3 no longer excluded", own(15020), inbound),
    ]
}

#[track_caller]
fn every_line(mode: Mode, word: &str) {
    let stage = scene(mode, &POLICY.replace("MODE", word));
    for n in [0, 1] {
        let captured = mode.inbound();
        stage.all_right(&[outbound(n, captured), name_queries(n), inbound(n, captured)].concat());
    }
}

#[test]
fn every_line_with_redirect() {
    every_line(Mode::Redirect, "redirect");
}

#[test]
fn every_line_with_tproxy() {
    every_line(Mode::Tproxy, "tproxy");
}
