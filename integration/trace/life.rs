//! How a trace begins and ends: one at a time, and nothing stays.

use nftdivert::demo::User;
use nftdivert_integration::datagram::{any, udp};
use nftdivert_integration::fixture::{Fixture, WORLD_PORT, assert_clean};
use nftdivert_integration::shell::{ip, nft, nft_list_handles};
use nix::sys::signal::Signal;

use crate::harness::{run, start, world};

const FOREIGN: &str =
    "table ip filter { chain in { type filter hook input priority 0; counter; }\n}";
const TABLE: &str = "table inet nftdivert-trace";

fn rules(fixture: &Fixture) -> String {
    nft_list_handles(&fixture.bed.pod, "ruleset")
}

/// A captured connection.
fn connect(fixture: &Fixture) {
    fixture.captured_outbound(User::APP, world(WORLD_PORT)[1]);
}

#[test]
fn a_signal_ends_it_in_good_order() {
    let fixture = Fixture::new("");
    nft(&fixture.bed.pod, FOREIGN);
    let before = rules(&fixture);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let trace = start(&fixture.bed.pod, "--output json --for 10m");
        assert!(rules(&fixture).contains(TABLE));
        connect(&fixture);
        trace.signal(signal);
        let ended = trace.wait();
        assert!(!ended.packets().is_empty(), "{ended:?}");
        assert_eq!(rules(&fixture), before);
    }
    assert_clean(&fixture.bed.pod, "");
}

#[test]
fn killed_it_leaves_nothing() {
    let fixture = Fixture::new("");
    nft(&fixture.bed.pod, FOREIGN);
    let before = rules(&fixture);
    for _ in 0..20 {
        let trace = start(&fixture.bed.pod, "");
        assert!(rules(&fixture).contains(TABLE));
        trace.signal(Signal::SIGKILL);
        assert_eq!(trace.wait().code, -1);
        assert_eq!(rules(&fixture), before);
    }
    connect(&fixture);
    assert_clean(&fixture.bed.pod, "");
}

#[test]
fn nobody_else_can_take_its_table_away() {
    let fixture = Fixture::new("");
    let trace = start(&fixture.bed.pod, "--output json --port 80");
    nft(&fixture.bed.pod, "flush ruleset");
    assert!(rules(&fixture).contains(TABLE));
    fixture.replace("");
    connect(&fixture);
    let ended = trace.end();
    assert_eq!(ended.first(world(WORLD_PORT)[1])["verdict"], "captured");
}

#[test]
fn two_at_once_are_one_too_many() {
    let fixture = Fixture::new("");
    let first = start(&fixture.bed.pod, "--output json --port 80");
    run(&fixture.bed.pod, "").refused(1, &["another trace runs in this namespace"]);
    connect(&fixture);
    assert_eq!(first.end().first(world(WORLD_PORT)[1])["verdict"], "captured");
    start(&fixture.bed.pod, "").end();
}

#[test]
fn a_table_of_its_name_that_is_not_ours_stays() {
    let fixture = Fixture::new("");
    nft(&fixture.bed.pod, "table inet nftdivert-trace { chain own { } \n}");
    let before = rules(&fixture);
    let words = ["no trace of ours made", "nft delete table inet nftdivert-trace"];
    run(&fixture.bed.pod, "").refused(1, &words);
    assert_eq!(rules(&fixture), before);
}

#[test]
fn it_ends_when_its_time_is_over_and_when_it_has_seen_enough() {
    let fixture = Fixture::new("");
    // Addresses come by themselves on a link: let no packet pass.
    ip(&fixture.bed.pod, "link set eth0 down");
    let ran = run(&fixture.bed.pod, "--for 200ms --proto tcp");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.err.ends_with("trace: packets: 0, events lost: 0\n"), "{ran:?}");
    let fixture = Fixture::new("");
    let trace = start(&fixture.bed.pod, "--output json --proto tcp --count 3");
    connect(&fixture);
    assert_eq!(trace.wait().packets().len(), 3);
}

#[test]
fn what_the_kernel_could_not_tell_is_counted() {
    let fixture = Fixture::new("");
    let to = world(5353)[0];
    let trace = start(&fixture.bed.pod, "--output json --proto udp --to 192.0.2.10");
    trace.signal(Signal::SIGSTOP);
    let socket = udp(&fixture.bed.pod, User::APP, any(to));
    for _ in 0..60_000 {
        // An error of ICMP, for nobody listens, is told by the next call.
        let _ = socket.send_to(b"who", to);
    }
    trace.signal(Signal::SIGCONT);
    let ended = trace.end();
    assert_eq!(ended.code, 0, "{}", ended.err);
    let lost = ended.err.split("events lost: ").nth(1).unwrap().lines().next().unwrap();
    // Each packet has several events; most of them were dropped, and each is counted.
    assert!(lost.parse::<u32>().unwrap() > 10_000, "{}", ended.err);
    assert!(ended.err.contains("note: the kernel tells faster"), "{}", ended.err);
}
