//! Rules and routes of others that would decide about marked packets: refused by name, if they
//! would.

use nftdivert::net::netns::Netns;
use nftdivert::net::routing::{self, RoutingError};
use nftdivert::words::{IpFamily, MarkRoute};
use nftdivert_integration::shell::ip;

use crate::routing::{digit, mark_route, routes, rules, space, with};

const FAMILIES: [IpFamily; 2] = [IpFamily::V4, IpFamily::V6];

/// A namespace in which these commands of `ip -4` or `ip -6` were run.
fn prepared(family: IpFamily, commands: &[&str]) -> Netns {
    let space = space();
    ip(&space, "link add eth0 type veth peer name eth1");
    ip(&space, "link set eth0 up");
    ip(&space, "link set eth1 up");
    for command in commands {
        ip(&space, &format!("-{} {command}", digit(family)));
    }
    space
}

#[test]
fn what_takes_marked_packets_elsewhere_is_refused_by_name() {
    let cases: [(&[&str], &str); 6] = [
        (&["route add default dev eth0 table 133"], "the unicast default route by interface"),
        (&["route add blackhole default table 133"], "default route"),
        (&["rule add fwmark 0x539 lookup 7 pref 100"], "priority 100 for fwmark 0x539/0xffffffff"),
        (&["rule add fwmark 0x500/0xf00 lookup 7 pref 100"], "for fwmark 0x500/0xf00"),
        (&["rule add fwmark 0x539 blackhole pref 100"], "priority 100 for fwmark 0x539"),
        (
            &["rule add lookup 7 pref 100", "route add default dev eth0 table 7"],
            "priority 100 that looks up table 7",
        ),
    ];
    for family in FAMILIES {
        for (commands, named) in cases {
            let space = prepared(family, commands);
            let before = (rules(&space, family), routes(&space, family, 133));
            let error = with(&space, |c| routing::add(c, mark_route(family))).unwrap_err();
            assert!(matches!(error, RoutingError::InTheWay { .. }), "{commands:?}: {error}");
            assert!(error.to_string().contains(named), "{commands:?}: {error}");
            with(&space, |c| routing::remove(c, mark_route(family))).unwrap();
            let after = (rules(&space, family), routes(&space, family, 133));
            assert_eq!(after, before, "{commands:?}");
        }
    }
}

#[test]
fn what_does_not_is_let_be() {
    let cases: [&[&str]; 8] = [
        &["route add local default dev lo table 133"],
        &["rule add fwmark 0x539 lookup 7 pref 20000"],
        &["rule add fwmark 0x53a lookup 7 pref 100"],
        &["rule add fwmark 0x539 lookup 133 pref 100"],
        &["rule add iif eth0 lookup 7 pref 100", "route add default dev eth0 table 7"],
        &["rule add lookup 7 pref 100"],
        &["rule add lookup local pref 100"],
        &["route add default dev eth0", "rule add lookup main suppress_prefixlength 0 pref 100"],
    ];
    for family in FAMILIES {
        for commands in cases {
            let (space, wanted) = (prepared(family, commands), mark_route(family));
            let before = rules(&space, family);
            with(&space, |c| routing::add(c, wanted)).unwrap();
            assert!(with(&space, |c| routing::is_in_place(c, wanted)).unwrap());
            with(&space, |c| routing::remove(c, wanted)).unwrap();
            assert_eq!(rules(&space, family), before, "{commands:?}");
        }
    }
}

#[test]
fn another_table_of_ours_is_not_in_the_way() {
    for family in FAMILIES {
        let space = prepared(family, &[]);
        let former = MarkRoute { table: 700, ..mark_route(family) };
        with(&space, |c| routing::add(c, former)).unwrap();
        with(&space, |c| routing::add(c, mark_route(family))).unwrap();
        with(&space, |c| routing::remove(c, former)).unwrap();
        assert_eq!(with(&space, routing::ours).unwrap(), [mark_route(family)]);
    }
}
