//! The default policy, line by line.

use nftdivert::demo::{Dial, Transport, User};
use nftdivert_integration::asserts::PASSTHROUGH;
use nftdivert_integration::datagram::{ping, udp_echo};
use nftdivert_integration::fate::{Case, From};

use crate::scene::{Mode, localhost, own, scene, world};

const TRANSPORTS: [Transport; 2] = [Transport::Udp, Transport::Tcp];

fn outbound(n: usize) -> Vec<Case> {
    let own = |port| own(port)[n];
    let world = |port| world(port)[n];
    let localhost = |port| localhost(port)[n];
    let passthrough = Dial::new(User::PROXY, own(8080)).source(PASSTHROUGH[n]);
    let of_app = Dial::new(User::APP, own(8080)).source(PASSTHROUGH[n]);
    vec![
        Case::ask(
            "1 not TCP",
            User::APP,
            (Transport::Udp, world(53)),
            "direct answered by resolver",
        ),
        Case::dial("4 passthrough", From::Pod, (passthrough, own(8080)), "direct to app"),
        Case::dial("4 whoever has its source", From::Pod, (of_app, own(8080)), "direct to app"),
        Case::out("5 the proxy's call of its pod", User::PROXY, own(8080), "inbound to app"),
        Case::out("5 a port excluded inbound", User::PROXY, own(15020), "inbound to app"),
        Case::out("5 its tunnel port", User::PROXY, own(15008), "direct to app"),
        Case::out("6 the app by lo", User::APP, own(8080), "direct to app"),
        Case::out("6 root by lo", User::ROOT, own(8080), "direct to app"),
        Case::out("7 the proxy", User::PROXY, world(80), "direct to world"),
        Case::out("7 its user alone", User::new(1337, 5), world(80), "direct to world"),
        Case::out("7 its group alone", User::new(5, 1337), world(80), "direct to world"),
        Case::out("10 loopback, app", User::APP, localhost(8080), "direct to app"),
        Case::out("10 loopback, proxy", User::PROXY, localhost(8080), "direct to app"),
        Case::out("13 everything else", User::APP, world(80), "outbound to world"),
        Case::out("13 everything else", User::ROOT, world(443), "outbound to world"),
        Case::out("13 a tunnel port of others", User::APP, world(15008), "outbound to world"),
    ]
}

fn inbound(n: usize) -> Vec<Case> {
    let own = |port| own(port)[n];
    vec![
        Case::into_pod("in 2 the tunnel port", own(15008), "direct to app"),
        Case::into_pod("in 3 an excluded port", own(15020), "direct to app"),
        Case::into_pod("in 3 an excluded port", own(15021), "direct to app"),
        Case::into_pod("in 3 an excluded port", own(15090), "direct to app"),
        Case::into_pod("in 3 the rest", own(8080), "inbound to app"),
        Case::into_pod("in 3 the rest", own(443), "inbound to app"),
    ]
}

/// Without DNS capture a query over TCP is a connection like others.
fn name_queries(n: usize) -> Vec<Case> {
    let (own, world) = (own(53)[n], world(53)[n]);
    let ask = |what, user, server, wanted| Case::ask(what, user, (Transport::Tcp, server), wanted);
    vec![
        ask("5 port 53", User::PROXY, own, "inbound answered by own"),
        ask("6 port 53", User::APP, own, "direct answered by own"),
        ask("7 port 53", User::PROXY, world, "direct answered by resolver"),
        ask("13 port 53", User::APP, world, "outbound answered by resolver"),
    ]
}

#[test]
fn every_line_of_the_default_policy() {
    let stage = scene(Mode::Redirect, "");
    for n in [0, 1] {
        stage.all_right(&[outbound(n), inbound(n), name_queries(n)].concat());
    }
}

#[test]
fn line_1_is_about_all_that_is_not_tcp() {
    let stage = scene(Mode::Redirect, "");
    let bed = &stage.bed;
    for (to, back) in world(7000).into_iter().zip(own(7000)) {
        ping(&bed.pod, to.ip()).unwrap();
        ping(&bed.peer, back.ip()).unwrap();
        for user in [User::APP, User::PROXY] {
            let (asker, answerer) = udp_echo((&bed.pod, user), &bed.peer, to).unwrap();
            assert_eq!((asker.ip(), answerer), (back.ip(), to));
        }
        let (_, answerer) = udp_echo((&bed.peer, User::ROOT), &bed.pod, back).unwrap();
        assert_eq!(answerer, back);
    }
    assert!(stage.proxy.seen().is_empty());
}

/// Line 9 for all servers: what is captured, and what lines before it let pass.
#[test]
fn line_9_for_every_server() {
    let stage = scene(Mode::Redirect, "dns: {capture: all}");
    let mut cases = Vec::new();
    for n in [0, 1] {
        for transport in TRANSPORTS {
            let ask =
                |what, user, server, wanted| Case::ask(what, user, (transport, server), wanted);
            let (own, world) = (own(53)[n], world(53)[n]);
            cases.push(ask("9 the app's", User::APP, world, "direct answered by dns-proxy"));
            cases.push(ask("6 goes on by lo", User::APP, own, "direct answered by dns-proxy"));
            cases.push(ask("5 not port 53", User::PROXY, own, "direct answered by own"));
            cases.push(ask("7 the proxy's", User::PROXY, world, "direct answered by resolver"));
        }
        cases.extend([outbound(n).split_off(1), inbound(n)].concat());
    }
    stage.all_right(&cases);
}
