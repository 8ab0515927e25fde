//! Rules and routes as `ip` lists them: added once, found again, removed, others' left alone.

use nftdivert::net::netns::Netns;
use nftdivert::net::routing::{self, PRIORITY, PROTOCOL, RoutingError};
use nftdivert::netlink::{Connection, Family};
use nftdivert::words::{IpFamily, MarkRoute};
use nftdivert_integration::shell::{ip, program};
use nftdivert_integration::strace::inject_all;

const FAMILIES: [IpFamily; 2] = [IpFamily::V4, IpFamily::V6];

pub(crate) fn mark_route(family: IpFamily) -> MarkRoute {
    MarkRoute { family, mark: 1337, table: 133 }
}

/// A namespace with `lo` up, as pods have it.
pub(crate) fn space() -> Netns {
    let space = Netns::anonymous().unwrap();
    ip(&space, "link set lo up");
    space
}

/// Runs `job` with a route socket of `space`.
pub(crate) fn with<T: Send>(space: &Netns, job: impl FnOnce(&mut Connection) -> T + Send) -> T {
    space.run(|| job(&mut Connection::open(Family::Route).unwrap())).unwrap()
}

/// The rules besides the kernel's own, as `ip` lists them.
pub(crate) fn rules(space: &Netns, family: IpFamily) -> Vec<String> {
    let list = ip(space, &format!("-{} -d rule list", digit(family)));
    let kernels = |line: &&str| !line.contains("proto kernel");
    list.lines().filter(kernels).map(even).collect()
}

/// The routes of a table, as `ip` lists them; an absent table has none.
pub(crate) fn routes(space: &Netns, family: IpFamily, table: u32) -> Vec<String> {
    let command = format!("-{} -d route list table all", digit(family));
    let end = format!(" table {table} ");
    let list = ip(space, &command);
    list.lines().map(|line| even(line) + " ").filter(|line| line.contains(&end)).collect()
}

pub(crate) fn digit(family: IpFamily) -> &'static str {
    match family {
        IpFamily::V4 => "4",
        IpFamily::V6 => "6",
    }
}

fn even(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn our_rule() -> String {
    format!("{PRIORITY}: from all fwmark 0x539 lookup 133 proto {PROTOCOL}")
}

#[test]
fn adding_twice_leaves_one_rule_and_one_route_of_ours() {
    for family in FAMILIES {
        let (space, wanted) = (space(), mark_route(family));
        assert!(!with(&space, |c| routing::is_in_place(c, wanted)).unwrap());
        for _ in 0..2 {
            with(&space, |c| routing::add(c, wanted)).unwrap();
            assert_eq!(rules(&space, family), [our_rule()]);
            let routes = routes(&space, family, 133);
            assert_eq!(routes.len(), 1, "{routes:?}");
            let start = format!("local default dev lo table 133 proto {PROTOCOL}");
            assert!(routes[0].starts_with(&start), "{routes:?}");
        }
        assert!(with(&space, |c| routing::is_in_place(c, wanted)).unwrap());
        assert_eq!(with(&space, routing::ours).unwrap(), [wanted]);
    }
}

#[test]
fn the_ipv4_route_is_of_scope_host() {
    let space = space();
    with(&space, |c| routing::add(c, mark_route(IpFamily::V4))).unwrap();
    let routes = ip(&space, "-4 -d route list table 133");
    assert!(routes.contains("scope host"), "{routes}");
}

#[test]
fn removing_twice_leaves_nothing() {
    for family in FAMILIES {
        let (space, wanted) = (space(), mark_route(family));
        with(&space, |c| routing::add(c, wanted)).unwrap();
        for _ in 0..2 {
            with(&space, |c| routing::remove(c, wanted)).unwrap();
            assert!(rules(&space, family).is_empty());
            assert!(routes(&space, family, 133).is_empty());
        }
        assert!(with(&space, routing::ours).unwrap().is_empty());
    }
}

#[test]
fn what_is_left_of_a_half_is_completed_and_removed() {
    for family in FAMILIES {
        let (space, wanted, six) = (space(), mark_route(family), digit(family));
        with(&space, |c| routing::add(c, wanted)).unwrap();
        ip(&space, &format!("-{six} rule del pref {PRIORITY}"));
        assert!(!with(&space, |c| routing::is_in_place(c, wanted)).unwrap());
        with(&space, |c| routing::add(c, wanted)).unwrap();
        ip(&space, &format!("-{six} route flush table 133"));
        assert!(!with(&space, |c| routing::is_in_place(c, wanted)).unwrap());
        with(&space, |c| routing::add(c, wanted)).unwrap();
        assert!(with(&space, |c| routing::is_in_place(c, wanted)).unwrap());
        ip(&space, &format!("-{six} rule del pref {PRIORITY}"));
        with(&space, |c| routing::remove(c, wanted)).unwrap();
        assert!(routes(&space, family, 133).is_empty());
    }
}

#[test]
fn two_marks_share_a_table_until_the_last_goes() {
    for family in FAMILIES {
        let (space, one) = (space(), mark_route(family));
        let two = MarkRoute { mark: 1338, ..one };
        let far = MarkRoute { mark: u32::MAX, table: 70_000, family };
        for wanted in [one, two, far] {
            with(&space, |c| routing::add(c, wanted)).unwrap();
        }
        assert_eq!(with(&space, routing::ours).unwrap(), [one, two, far]);
        with(&space, |c| routing::remove(c, one)).unwrap();
        for wanted in [two, far] {
            assert!(with(&space, |c| routing::is_in_place(c, wanted)).unwrap());
            with(&space, |c| routing::remove(c, wanted)).unwrap();
            assert!(routes(&space, family, wanted.table).is_empty());
        }
    }
}

#[test]
fn rules_of_others_for_the_same_mark_stay() {
    for family in FAMILIES {
        let (space, wanted, six) = (space(), mark_route(family), digit(family));
        // As istio-init does; the same at our own priority; the same with more selectors.
        ip(&space, &format!("-{six} rule add fwmark 1337 lookup 133"));
        ip(&space, &format!("-{six} rule add fwmark 1337 lookup 133 pref {PRIORITY} iif lo"));
        ip(
            &space,
            &format!("-{six} rule add fwmark 1337 lookup 134 pref 20000 protocol {PROTOCOL}"),
        );
        let before = rules(&space, family);
        assert_eq!(before.len(), 3, "{before:?}");
        with(&space, |c| routing::add(c, wanted)).unwrap();
        assert_eq!(rules(&space, family).len(), 4);
        assert_eq!(with(&space, routing::ours).unwrap(), [wanted]);
        for _ in 0..2 {
            with(&space, |c| routing::remove(c, wanted)).unwrap();
            assert_eq!(rules(&space, family), before);
        }
    }
}

#[test]
fn a_rule_like_ours_without_our_tag_stays_beside_it() {
    for family in FAMILIES {
        let (space, wanted, six) = (space(), mark_route(family), digit(family));
        ip(
            &space,
            &format!("-{six} rule add fwmark 1337 lookup 133 pref {PRIORITY} protocol boot"),
        );
        let before = rules(&space, family);
        assert!(with(&space, routing::ours).unwrap().is_empty());
        with(&space, |c| routing::remove(c, wanted)).unwrap();
        assert_eq!(rules(&space, family), before);
        with(&space, |c| routing::add(c, wanted)).unwrap();
        assert_eq!(rules(&space, family).len(), 2);
        with(&space, |c| routing::remove(c, wanted)).unwrap();
        assert_eq!(rules(&space, family), before);
    }
}

#[test]
fn if_the_rule_is_refused_the_route_is_taken_back() {
    const INSIDE: &str = "NFTDIVERT_TEST_ADD_FAMILY";
    const NAME: &str = "routing::if_the_rule_is_refused_the_route_is_taken_back";
    if let Ok(family) = std::env::var(INSIDE) {
        let wanted = mark_route(if family == "4" { IpFamily::V4 } else { IpFamily::V6 });
        let error = routing::add(&mut Connection::open(Family::Route).unwrap(), wanted);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("add the rule of"), "{error}");
        return;
    }
    let own = std::env::current_exe().unwrap();
    for family in FAMILIES {
        let (space, inside) = (space(), format!("{INSIDE}={}", digit(family)));
        let child = ["env", &inside, own.to_str().unwrap(), "--exact", NAME];
        // The rules, the routes, the new route; the fourth is the new rule.
        let run = inject_all(&space, &child, "sendto", "error=ENOMEM:when=4");
        assert!(run.is_hit && run.output.status.success(), "{:?}", run.output);
        assert!(run.made >= 5, "{} calls: nothing was taken back", run.made);
        assert!(rules(&space, family).is_empty() && routes(&space, family, 133).is_empty());
    }
}

#[test]
fn marks_and_tables_that_would_take_in_everything_are_refused() {
    let space = space();
    let good = mark_route(IpFamily::V4);
    let bad = [0, 253, 254, 255].map(|table| MarkRoute { table, ..good });
    for wanted in bad.into_iter().chain([MarkRoute { mark: 0, ..good }]) {
        let error = with(&space, |c| routing::add(c, wanted)).unwrap_err();
        assert!(matches!(error, RoutingError::Unusable { .. }), "{error}");
        with(&space, |c| routing::remove(c, wanted)).unwrap();
    }
    assert!(ip(&space, "route get 127.0.0.1").contains("local 127.0.0.1"));
}

#[test]
fn without_ipv6_on_lo_adding_says_so_and_leaves_nothing() {
    let (space, wanted) = (space(), mark_route(IpFamily::V6));
    let off = |value: &str| {
        let name = "net.ipv6.conf.lo.disable_ipv6";
        program(&space, &["sysctl", "-qw", &format!("{name}={value}")], "");
    };
    off("1");
    let error = with(&space, |c| routing::add(c, wanted)).unwrap_err().to_string();
    assert!(error.contains("add the route of IPv6 rule fwmark 0x539"), "{error}");
    assert!(error.contains("net.ipv6.conf.lo.disable_ipv6"), "{error}");
    assert!(rules(&space, IpFamily::V6).is_empty());
    with(&space, |c| routing::remove(c, wanted)).unwrap();
    with(&space, |c| routing::add(c, mark_route(IpFamily::V4))).unwrap();
    // Switched off afterwards: the kernel flushes the route, the rule stays and can be removed.
    off("0");
    with(&space, |c| routing::add(c, wanted)).unwrap();
    off("1");
    assert!(!with(&space, |c| routing::is_in_place(c, wanted)).unwrap());
    with(&space, |c| routing::remove(c, wanted)).unwrap();
    assert_eq!(with(&space, routing::ours).unwrap(), [mark_route(IpFamily::V4)]);
}

#[test]
fn with_lo_down_ipv6_says_so_and_leaves_nothing() {
    let space = Netns::anonymous().unwrap();
    let error = with(&space, |c| routing::add(c, mark_route(IpFamily::V6))).unwrap_err();
    assert!(error.to_string().contains("lo is down"), "{error}");
    assert!(rules(&space, IpFamily::V6).is_empty() && routes(&space, IpFamily::V6, 133).is_empty());
}
