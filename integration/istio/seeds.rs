//! The ruleset from which the project grew, istio-init's listing of 22 lines: our default policy
//! gives every connection the same verdict, or says why not.

use nftdivert::demo::{Dial, User};
use nftdivert_integration::asserts::{PASSTHROUGH, at};
use nftdivert_integration::fate::{Case, From, Stage};
use nftdivert_integration::shell::program;

use crate::mesh::{SEED, SEED_LISTING, apply, install, pod, world};

/// A connection by both rulesets; where they differ, the reason.
struct Row {
    case: Case,
    ours: &'static str,
    why: &'static str,
}

fn same(case: Case) -> Row {
    Row { case, ours: "", why: "" }
}

const USER_ALONE: User = User::new(1337, 5);
const GROUP_ALONE: User = User::new(5, 1337);

/// The connections of one family.
fn rows(n: usize) -> Vec<Row> {
    let (own, localhost) = (pod(8080)[n], at(["127.0.0.1", "::1"], 8080)[n]);
    let (world, tunnel) = (world()[n], pod(15008)[n]);
    let mut far_tunnel = world;
    far_tunnel.set_port(15008);
    let passthrough = Dial::new(User::PROXY, own).source(PASSTHROUGH[n]);
    let mut rows: Vec<Row> = [
        Case::out("app out", User::APP, world, "outbound to world"),
        Case::out("root out", User::ROOT, world, "outbound to world"),
        Case::out("app to a tunnel port", User::APP, far_tunnel, "outbound to world"),
        Case::out("app to itself", User::APP, own, "direct to app"),
        Case::out("app to loopback", User::APP, localhost, "direct to app"),
        Case::out("proxy out", User::PROXY, world, "direct to world"),
        Case::out("user alone out", USER_ALONE, world, "direct to world"),
        Case::out("group alone out", GROUP_ALONE, world, "direct to world"),
        Case::out("proxy to its pod", User::PROXY, own, "inbound to app"),
        Case::out("user alone to its pod", USER_ALONE, own, "inbound to app"),
        Case::out("proxy to its tunnel port", User::PROXY, tunnel, "direct to app"),
        Case::out("proxy to loopback", User::PROXY, localhost, "direct to app"),
        Case::dial("passthrough", From::Pod, (passthrough, own), "direct to app"),
        Case::into_pod("client", own, "inbound to app"),
        Case::into_pod("client, other port", pod(9090)[n], "inbound to app"),
        Case::into_pod("client to the tunnel port", tunnel, "direct to app"),
    ]
    .into_iter()
    .map(same)
    .collect();
    for port in [15020, 15021, 15090] {
        rows.push(same(Case::into_pod("client, excluded port", pod(port)[n], "direct to app")));
    }
    if n == 0 {
        let other = at(["127.0.0.2"], 8080)[0];
        rows.push(same(Case::out("app to 127.0.0.2", User::APP, other, "direct to app")));
        rows.push(same(Case::out("proxy to 127.0.0.2", User::PROXY, other, "inbound to app")));
    }
    rows.push(Row {
        case: Case::out("group alone to its pod", GROUP_ALONE, own, "direct to app"),
        ours: "inbound to app",
        why: "the seed's line for other users stands before the group's and shadows it",
    });
    rows
}

/// What becomes of each connection of one family under our default policy; app and world answer
/// on the ports of [`staged`].
pub(crate) fn ours(n: usize) -> Vec<Case> {
    let ours = |row: Row| if row.ours.is_empty() { row.case } else { row.case.instead(row.ours) };
    rows(n).into_iter().map(ours).collect()
}

#[track_caller]
fn judged(theirs: &Stage, ours: &Stage, rows: Vec<Row>) {
    for Row { case, ours: wanted, why } in rows {
        theirs.all_right(std::slice::from_ref(&case));
        assert_eq!(wanted.is_empty(), why.is_empty(), "{case:?}: a difference has its reason");
        let case = if wanted.is_empty() { case } else { case.instead(wanted) };
        ours.all_right(&[case]);
    }
}

const PORTS: [u16; 6] = [8080, 9090, 15008, 15020, 15021, 15090];

pub(crate) fn staged() -> Stage {
    Stage::new(nftdivert::demo::ProxyOptions::default(), &PORTS, &[80, 15008])
}

#[test]
fn the_rules_of_istio_init_in_both_families() {
    let (theirs, ours) = (staged(), staged());
    install(&theirs.bed.pod, SEED);
    apply(&ours, "");
    for n in [0, 1] {
        judged(&theirs, &ours, rows(n));
    }
}

/// As iptables reads it, the listing says the same as in nft's words.
#[test]
fn the_listing_of_istio_init() {
    let lines = SEED_LISTING.lines();
    let is_line = |line: &&str| line.starts_with("-A") || line.starts_with(":ISTIO");
    assert_eq!(lines.filter(is_line).count(), 22);
    for restore in ["iptables-legacy-restore", "iptables-nft-restore"] {
        let (theirs, ours) = (staged(), staged());
        program(&theirs.bed.pod, &[restore], SEED_LISTING);
        apply(&ours, "");
        judged(&theirs, &ours, rows(0));
    }
}
