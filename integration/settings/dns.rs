//! `dns.capture`: name queries to all servers, or to the listed ones.

use nftdivert::apply::{ApplyError, HostRule, Target};
use nftdivert::demo::{Transport, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{Fixture, policy, put};
use nftdivert_integration::shell::nft_list;

use crate::names::{BOTH, Names, local, named, unnamed};
use crate::scenery::{is_not_the_proxy, is_the_proxy};

/// The pod's own addresses, where nobody answers name queries.
fn own() -> [std::net::SocketAddr; 2] {
    at(["10.88.0.2", "fd88::2"], 53)
}

#[test]
fn all_queries_go_to_the_proxy_and_its_own_do_not() {
    let names = Names::new("dns: {capture: all}");
    for by in BOTH {
        for server in named().into_iter().chain(unnamed()).chain(local()) {
            names.captured(User::APP, server, by);
            names.captured(User::ROOT, server, by);
            names.direct(User::PROXY, server, by);
        }
        for server in own() {
            names.captured(User::APP, server, by);
            names.refused(User::PROXY, server, by);
        }
    }
    is_the_proxy(&names.fixture, User::PROXY);
    is_not_the_proxy(&names.fixture, User::APP);
}

#[test]
fn off_is_ordinary_traffic() {
    let names = Names::new("");
    for server in unnamed() {
        names.direct(User::APP, server, Transport::Udp);
        names.relayed(User::APP, server);
    }
    for server in local() {
        BOTH.iter().for_each(|by| names.direct(User::APP, server, *by));
    }
}

/// What is asked of another server is no name query to these rules.
#[track_caller]
fn only_the_named_are_captured(names: &Names) {
    for server in named() {
        for by in BOTH {
            names.captured(User::APP, server, by);
            names.direct(User::PROXY, server, by);
        }
    }
    for server in unnamed() {
        names.direct(User::APP, server, Transport::Udp);
        names.relayed(User::APP, server);
        BOTH.iter().for_each(|by| names.direct(User::PROXY, server, *by));
    }
    for server in local() {
        BOTH.iter().for_each(|by| names.direct(User::APP, server, *by));
    }
}

#[test]
fn listed_servers_alone() {
    let servers = "198.51.100.53, 'fd53::53'";
    only_the_named_are_captured(&Names::new(&format!(
        "dns: {{capture: listed, servers: [{servers}]}}"
    )));
    // More than are compared one by one.
    let many = "10.1.0.1, 10.1.0.2, 10.1.0.3, 10.1.0.4, 'fd01::1', 'fd01::2', 'fd01::3', 'fd01::4'";
    only_the_named_are_captured(&Names::new(&format!(
        "dns: {{capture: listed, servers: [{servers}, {many}]}}"
    )));
}

#[test]
fn servers_of_the_pods_own_files() {
    only_the_named_are_captured(&Names::new("dns: {capture: listed}"));
    only_the_named_are_captured(&Names::new("dns: {capture: listed, servers: resolvConf}"));
}

#[test]
fn a_listed_loopback_server_is_captured() {
    let names = Names::new("dns: {capture: listed, servers: [127.0.0.1, '::1']}");
    for server in local() {
        for by in BOTH {
            names.captured(User::APP, server, by);
            names.direct(User::PROXY, server, by);
        }
    }
    for server in named() {
        names.direct(User::APP, server, Transport::Udp);
        names.relayed(User::APP, server);
    }
}

/// Neither the ranges nor the inbound mode is asked about name queries.
#[test]
fn ranges_do_not_matter_to_captured_queries() {
    for outbound in ["ranges: []", "excludeRanges: [0.0.0.0/0, '::/0']"] {
        let names = Names::new(&format!("outbound: {{{outbound}}}\ndns: {{capture: listed}}"));
        for by in BOTH {
            for server in named() {
                names.captured(User::APP, server, by);
                names.direct(User::PROXY, server, by);
            }
            for server in unnamed() {
                names.direct(User::APP, server, by);
            }
        }
    }
}

#[test]
fn another_dns_port() {
    let fixture = Fixture::new("proxy: {ports: {dns: 5300}}\ndns: {capture: all}");
    let options = nftdivert::demo::NameServerOptions {
        addresses: at(["127.0.0.1", "::1"], 5300).to_vec(),
        ..nftdivert::demo::NameServerOptions::of_proxy(nftdivert::demo::Ipv6Support::On)
    };
    let proxy = nftdivert::demo::NameServer::start(&fixture.bed.pod, options).unwrap();
    for server in unnamed() {
        for by in BOTH {
            let answer = nftdivert::demo::resolve(&fixture.bed.pod, User::APP, server, by).unwrap();
            assert_eq!(answer.name, "dns-proxy");
        }
    }
    assert_eq!(proxy.asked().len(), 4);
}

#[test]
fn ipv6_that_is_left_alone_is_left_alone_here_too() {
    for capture in ["all", "listed"] {
        let names = Names::new(&format!("ipv6: bypass\ndns: {{capture: {capture}}}"));
        for by in BOTH {
            names.captured(User::APP, named()[0], by);
            for server in [named()[1], unnamed()[1], local()[1]] {
                names.direct(User::APP, server, by);
            }
        }
    }
}

#[test]
fn servers_that_nobody_names_are_refused_before_anything_is_written() {
    let place = Netns::anonymous().unwrap();
    let text = "dns: {capture: listed, servers: ['fd53::53']}\nipv6: bypass";
    // Said by the user, so it is taken as it is; of the pod's files one must be captured.
    put(&place, text).unwrap();
    let place = Netns::anonymous().unwrap();
    let empty = tempfile::tempdir().unwrap();
    std::fs::create_dir(empty.path().join("etc")).unwrap();
    for (content, words) in [
        ("search example.org\n", "names no server;"),
        ("nameserver fd53::53\n", "names no server of a family that is captured;"),
    ] {
        std::fs::write(empty.path().join("etc/resolv.conf"), content).unwrap();
        let target = Target::other(place.try_clone().unwrap(), HostRule::Refuse)
            .with_root(empty.path().to_owned());
        let options = nftdivert::apply::ApplyOptions {
            source: "suite".to_owned(),
            live: nftdivert::apply::LiveConnections::Keep,
            others: nftdivert::apply::OtherMeshes::Refuse,
        };
        let policy = policy("dns: {capture: listed}\nipv6: bypass");
        let error = nftdivert::apply::apply(&target, &policy, &options).unwrap_err();
        assert!(matches!(error, ApplyError::Plan(_)), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(nft_list(&place, "ruleset"), "");
    }
}
