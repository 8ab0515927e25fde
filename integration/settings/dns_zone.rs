//! The conntrack zone that keeps captured queries apart from the proxy's own.

use std::io::ErrorKind;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::demo::{Query, Transport, User};
use nftdivert_integration::shell::{nft, program};

use crate::names::{BOTH, Names, named, unnamed};

const LIMIT: Duration = Duration::from_secs(5);

/// Who answers the proxy at the server that the app has just asked, both from this port.
#[track_caller]
fn proxys_question_after_the_apps(
    names: &Names,
    server: std::net::SocketAddr,
    port: u16,
) -> String {
    let limit = Instant::now() + LIMIT;
    let from = |user| {
        let query = Query::new(user, server, Transport::Udp).source_port(port).within(LIMIT);
        loop {
            match query.ask(&names.fixture.bed.pod) {
                // Programs that other tests start hold the socket until they run.
                Err(error)
                    if error.io_kind() == Some(ErrorKind::AddrInUse) && Instant::now() < limit =>
                {
                    sleep(Duration::from_millis(1));
                }
                answer => return answer.unwrap(),
            }
        }
    };
    assert_eq!(from(User::APP).name, "dns-proxy");
    from(User::PROXY).name
}

#[test]
fn the_proxy_may_ask_from_the_port_that_the_app_asked_from() {
    for dns in ["dns: {capture: all}", "dns: {capture: listed}"] {
        let names = Names::new(dns);
        for (server, port) in named().into_iter().zip(21_000..) {
            assert_eq!(proxys_question_after_the_apps(&names, server, port), "resolver");
            // And once more, now that both are known.
            assert_eq!(proxys_question_after_the_apps(&names, server, port), "resolver");
        }
        // It is the zone that does it.
        nft(&names.fixture.bed.pod, "flush chain inet nftdivert dns_zone");
        for (server, port) in named().into_iter().zip(22_000..) {
            assert_eq!(proxys_question_after_the_apps(&names, server, port), "dns-proxy");
        }
    }
}

/// What is tracked to port 53 over this protocol: how much of it in a zone, and how much in none.
fn tracked(names: &Names, family: &str, protocol: &str) -> (usize, usize) {
    let words = ["conntrack", "-L", "-f", family, "-p", protocol, "--dport", "53"];
    let listed = program(&names.fixture.bed.pod, &words, "");
    let in_zone = listed.lines().filter(|line| line.contains(" zone=53 ")).count();
    (in_zone, listed.lines().count() - in_zone)
}

#[test]
fn captured_queries_over_udp_are_in_the_zone_and_nothing_else_is() {
    let names = Names::new(
        "dns: {capture: listed}\noutbound: {ownerGroups: {exclude: [500]}, \
         excludePortsByUid: [{uids: [999], ports: [53]}]}",
    );
    for server in named() {
        names.captured(User::APP, server, Transport::Udp);
        names.captured(User::ROOT, server, Transport::Udp);
        names.direct(User::PROXY, server, Transport::Udp);
        names.direct(User::new(999, 1), server, Transport::Udp);
        names.direct(User::new(1, 500), server, Transport::Udp);
    }
    for server in unnamed() {
        names.direct(User::APP, server, Transport::Udp);
    }
    for family in ["ipv4", "ipv6"] {
        assert_eq!(tracked(&names, family, "udp"), (2, 4), "{family}");
        assert_eq!(tracked(&names, family, "tcp"), (0, 0), "{family}");
    }
    BOTH.iter().for_each(|by| names.captured(User::APP, named()[0], *by));
    assert_eq!(tracked(&names, "ipv4", "tcp").0, 0);
}

#[test]
fn all_servers_and_ipv6_left_alone() {
    let names = Names::new("dns: {capture: all}\nipv6: bypass");
    names.captured(User::APP, named()[0], Transport::Udp);
    names.captured(User::APP, unnamed()[0], Transport::Udp);
    names.direct(User::PROXY, unnamed()[0], Transport::Udp);
    names.direct(User::APP, named()[1], Transport::Udp);
    assert_eq!(tracked(&names, "ipv4", "udp"), (2, 1));
    assert_eq!(tracked(&names, "ipv6", "udp"), (0, 1));
}
