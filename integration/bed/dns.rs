//! The demo's name servers and those who ask them, with hand-written rules. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use nftdivert::demo::bed::{EXCLUDED_V4, EXCLUDED_V6, POD_V4, POD_V6, WORLD_V4, WORLD_V6};
use nftdivert::demo::dns::{DNS_PORT, PROXY_DNS_PORT};
use nftdivert::demo::{
    Asked, Bed, BedOptions, DemoError, Ipv6Support, NameServer, NameServerOptions, Query,
    Transport, User, resolve,
};
use nftdivert_integration::shell::nft;

const RULES: &str = include_str!("rules/dns.nft");
const BOTH: [Transport; 2] = [Transport::Udp, Transport::Tcp];
const SHORT: Duration = Duration::from_millis(200);

/// The world's name servers, and the pod's address in the same family.
fn servers() -> [(SocketAddr, IpAddr); 4] {
    let v4 = [WORLD_V4, EXCLUDED_V4].map(|ip| ((ip, DNS_PORT).into(), POD_V4.into()));
    let v6 = [WORLD_V6, EXCLUDED_V6].map(|ip| ((ip, DNS_PORT).into(), POD_V6.into()));
    [v4[0], v4[1], v6[0], v6[1]]
}

fn world(bed: &Bed) -> NameServer {
    NameServer::start(&bed.peer, NameServerOptions::of_world(Ipv6Support::On)).unwrap()
}

fn proxy(bed: &Bed, upstream: Option<SocketAddr>) -> NameServer {
    let options = NameServerOptions { upstream, ..NameServerOptions::of_proxy(Ipv6Support::On) };
    NameServer::start(&bed.pod, options).unwrap()
}

fn captured() -> (Bed, NameServer) {
    let bed = Bed::new(BedOptions::default()).unwrap();
    nft(&bed.pod, RULES);
    let world = world(&bed);
    (bed, world)
}

#[test]
fn without_rules_the_world_answers_from_each_of_its_addresses() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let world = world(&bed);
    for (server, own) in servers() {
        for transport in BOTH {
            let answer = resolve(&bed.pod, User::APP, server, transport).unwrap();
            let heard = (answer.name.as_str(), answer.peer.ip(), answer.upstream);
            assert_eq!(heard, ("resolver", own, None));
            let asked = Asked { transport, peer: answer.peer, local: server };
            assert_eq!(world.asked().pop(), Some(asked));
        }
    }
    assert_eq!(world.asked().len(), 8);
}

#[test]
fn captured_questions_are_answered_by_the_proxy_and_its_own_are_not() {
    let (bed, world) = captured();
    let proxy = proxy(&bed, None);
    for (server, own) in servers() {
        for transport in BOTH {
            let (before, outside) = (proxy.asked().len(), world.asked().len());
            let answer = resolve(&bed.pod, User::APP, server, transport).unwrap();
            assert_eq!((answer.name.as_str(), answer.peer.ip()), ("dns-proxy", own));
            let seen = proxy.asked().pop().unwrap();
            assert_eq!((seen.transport, seen.peer), (transport, answer.peer));
            assert_eq!((seen.local.port(), seen.local.ip().is_loopback()), (PROXY_DNS_PORT, true));
            assert_eq!((proxy.asked().len(), world.asked().len()), (before + 1, outside));

            let answer = resolve(&bed.pod, User::PROXY, server, transport).unwrap();
            assert_eq!((answer.name.as_str(), answer.peer.ip()), ("resolver", own));
            assert_eq!((proxy.asked().len(), world.asked().len()), (before + 1, outside + 1));
        }
    }
}

#[test]
fn a_proxy_asks_its_own_server_before_it_answers() {
    for (server, own) in servers() {
        let (bed, world) = captured();
        let proxy = proxy(&bed, Some(server));
        for transport in BOTH {
            let answer = resolve(&bed.pod, User::APP, server, transport).unwrap();
            let upstream = answer.upstream.unwrap();
            assert_eq!((answer.name.as_str(), answer.peer.ip()), ("dns-proxy", own));
            assert_eq!((upstream.name.as_str(), upstream.peer.ip()), ("resolver", own));
            assert_eq!(world.asked().pop().unwrap().transport, transport);
        }
        assert_eq!((proxy.asked().len(), world.asked().len()), (2, 2));
    }
}

fn after_the_app_from_its_port(bed: &Bed, server: SocketAddr, port: u16) -> String {
    let from = |user| Query::new(user, server, Transport::Udp).source_port(port).ask(&bed.pod);
    let of_app = from(User::APP).unwrap();
    assert_eq!((of_app.name.as_str(), of_app.peer.port()), ("dns-proxy", port));
    let of_proxy = from(User::PROXY).unwrap();
    assert_eq!(of_proxy.peer.port(), port);
    of_proxy.name
}

#[test]
fn zones_keep_the_proxys_question_apart_from_the_apps_of_the_same_port() {
    let (bed, _world) = captured();
    let _proxy = proxy(&bed, None);
    for ((server, _), port) in servers().into_iter().zip(5300..) {
        assert_eq!(after_the_app_from_its_port(&bed, server, port), "resolver");
        // The other way round too.
        let again = Query::new(User::APP, server, Transport::Udp).source_port(port);
        assert_eq!(again.ask(&bed.pod).unwrap().name, "dns-proxy");
    }
}

#[test]
fn without_zones_the_proxys_question_comes_back_to_it() {
    let (bed, _world) = captured();
    let _proxy = proxy(&bed, None);
    nft(&bed.pod, "flush chain inet stand_in zones_out; flush chain inet stand_in zones_in");
    for ((server, _), port) in servers().into_iter().zip(5300..) {
        assert_eq!(after_the_app_from_its_port(&bed, server, port), "dns-proxy");
    }
}

#[test]
fn a_marked_name_server_answers_and_asks_with_the_mark() {
    let (bed, world) = captured();
    // By its mark alone.
    let rules = RULES.replace("meta skuid 1337", "meta mark & 0x10000 == 0x10000");
    nft(&bed.pod, &format!("delete table inet stand_in; {rules}"));
    for (server, _) in servers() {
        let options = NameServerOptions::of_proxy(Ipv6Support::On);
        let member = User::ROOT.marked(0x10000);
        let options = NameServerOptions { member, upstream: Some(server), ..options };
        let _proxy = NameServer::start(&bed.pod, options).unwrap();
        for transport in BOTH {
            let answer = resolve(&bed.pod, User::ROOT, server, transport).unwrap();
            assert_eq!(answer.upstream.unwrap().name, "resolver");
            let own = User::ROOT.marked(0x10000);
            assert_eq!(resolve(&bed.pod, own, server, transport).unwrap().name, "resolver");
        }
    }
    assert_eq!(world.asked().len(), 16);
}

#[test]
fn nobody_there_is_told_in_time() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    for (server, _) in servers() {
        for transport in BOTH {
            let error = resolve(&bed.pod, User::APP, server, transport).unwrap_err();
            assert_eq!(error.io_kind(), Some(ErrorKind::ConnectionRefused), "{error}");
        }
    }
    let nobody = SocketAddr::from((Ipv4Addr::new(10, 88, 0, 99), DNS_PORT));
    for transport in BOTH {
        let began = Instant::now();
        let error = Query::new(User::APP, nobody, transport).within(SHORT).ask(&bed.pod);
        let error = error.unwrap_err();
        assert!(matches!(error, DemoError::TimedOut { .. }), "{error}");
        assert_eq!(error.to_string(), "ask 10.88.0.99:53: nothing after 200ms");
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn without_ipv6_there_is_ipv4_alone() {
    let bed = Bed::new(BedOptions { ipv6: Ipv6Support::Off }).unwrap();
    let options = NameServerOptions::of_world(Ipv6Support::Off);
    let _world = NameServer::start(&bed.peer, options).unwrap();
    let _proxy =
        NameServer::start(&bed.pod, NameServerOptions::of_proxy(Ipv6Support::Off)).unwrap();
    let local = |ip: IpAddr| SocketAddr::new(ip, PROXY_DNS_PORT);
    let to = local(Ipv4Addr::LOCALHOST.into());
    assert_eq!(resolve(&bed.pod, User::APP, to, Transport::Udp).unwrap().name, "dns-proxy");
    let to = local(Ipv6Addr::LOCALHOST.into());
    resolve(&bed.pod, User::APP, to, Transport::Tcp).unwrap_err();
    let to = SocketAddr::from((WORLD_V4, DNS_PORT));
    assert_eq!(resolve(&bed.pod, User::APP, to, Transport::Tcp).unwrap().name, "resolver");
}
