//! What is stronger than the capture of name queries.

use nftdivert::demo::{Transport, User};

use crate::names::{BOTH, Names, named, unnamed};

const MONITOR: User = User::new(999, 999);

fn captures() -> [&'static str; 2] {
    ["dns: {capture: all}", "dns: {capture: listed}"]
}

#[test]
fn an_excluded_port() {
    for dns in captures() {
        let names = Names::new(&format!("{dns}\noutbound: {{excludePorts: [53]}}"));
        for server in named().into_iter().chain(unnamed()) {
            for by in BOTH {
                names.direct(User::APP, server, by);
                names.direct(User::PROXY, server, by);
            }
        }
    }
}

#[test]
fn an_excluded_interface() {
    let names = Names::new("dns: {capture: all}\ninterfaces: {exclude: [eth0]}");
    for server in named() {
        BOTH.iter().for_each(|by| names.direct(User::APP, server, *by));
    }
}

#[test]
fn a_port_of_a_user() {
    for dns in captures() {
        for (protocols, direct) in [
            ("", &BOTH[..]),
            (", protocols: [udp]", &BOTH[..1]),
            (", protocols: [tcp]", &BOTH[1..]),
        ] {
            let row = format!("{{uids: [999], ports: [53]{protocols}}}");
            let names = Names::new(&format!("{dns}\noutbound: {{excludePortsByUid: [{row}]}}"));
            for server in named() {
                for by in BOTH {
                    match direct.contains(&by) {
                        true => names.direct(MONITOR, server, by),
                        false => names.captured(MONITOR, server, by),
                    }
                    names.captured(User::APP, server, by);
                    names.captured(User::new(5, 999), server, by);
                }
            }
        }
    }
}

#[test]
fn owner_groups() {
    for dns in captures() {
        for (groups, captured, direct) in
            [("include: [500]", 500, 501), ("exclude: [500]", 501, 500)]
        {
            let names = Names::new(&format!("{dns}\noutbound: {{ownerGroups: {{{groups}}}}}"));
            for server in named() {
                for by in BOTH {
                    names.captured(User::new(1000, captured), server, by);
                    names.direct(User::new(1000, direct), server, by);
                }
            }
        }
    }
}

/// A name query that is not captured is ordinary traffic, included ports among it.
#[test]
fn an_included_port_takes_over_tcp_to_servers_that_are_not_listed() {
    let names =
        Names::new("dns: {capture: listed}\noutbound: {ranges: [], includePorts: [53, 80]}");
    for server in unnamed() {
        names.relayed(User::APP, server);
        names.direct(User::APP, server, Transport::Udp);
    }
    for server in named() {
        BOTH.iter().for_each(|by| names.captured(User::APP, server, *by));
    }
}
