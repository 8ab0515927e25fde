//! Replacing: what was captured lives on under every other policy.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::apply::Outcome;
use nftdivert::demo::{Proxy, ProxyOptions};
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;

use crate::support::{Pod, echo_all, policy, said, ways};

const OTHERS: [&str; 9] = [
    "outbound: {excludeRanges: [198.51.100.0/24, 203.0.113.7, '2001:db8:1::/48']}",
    "outbound: {excludePorts: [22, 25, 110, 143, 993], includePorts: [443]}",
    "counters: on",
    "ipv6: bypass",
    "ipv6: reject",
    "inbound: {ports: [9090]}",
    "inbound: {ports: []}\noutbound: {ranges: []}",
    "proxy: {ports: {outbound: 15011, inbound: 15016}}",
    "proxy: {passthroughSource: {ipv4: 127.0.0.7, ipv6: 'fd00::7'}}",
];

#[test]
fn captured_connections_live_on_under_other_policies() {
    for text in OTHERS {
        let pod = Pod::new();
        pod.apply(&CapturePolicy::default()).unwrap();
        let mut talks = pod.talks();
        assert_eq!(pod.proxy.seen().len(), 4);
        let other = policy(text);
        assert_eq!(pod.apply(&other).unwrap().outcome, Outcome::Replaced, "{text}");
        for (way, talk) in &mut talks {
            // Rejecting IPv6 is what that policy asks for.
            let is_refused = text == "ipv6: reject" && way.to.is_ipv6();
            assert_eq!(talk.echo(b"still here").is_err(), is_refused, "{text}: {way:?}");
        }
        let differences = verify(&pod.target(), &other).unwrap().differences;
        assert!(differences.is_empty(), "{text}: {differences:?}");
        assert_eq!(pod.proxy.seen().len(), 4, "{text}");
    }
}

#[test]
fn back_and_forth_they_live_on_as_well() {
    let pod = Pod::new();
    let base = CapturePolicy::default();
    pod.apply(&base).unwrap();
    let mut talks = pod.talks();
    for text in OTHERS.into_iter().filter(|text| *text != "ipv6: reject") {
        pod.apply(&policy(text)).unwrap();
        echo_all(&mut talks);
        pod.apply(&base).unwrap();
        echo_all(&mut talks);
        pod.captures_all();
    }
}

#[test]
fn new_connections_go_where_the_new_policy_says() {
    let pod = Pod::new();
    let ports = ProxyOptions { outbound_port: 15011, inbound_port: 15016, ..Default::default() };
    let other = Proxy::start(&pod.bed.pod, ports).unwrap();
    pod.apply(&CapturePolicy::default()).unwrap();
    let mut talks = pod.talks();
    pod.apply(&policy("proxy: {ports: {outbound: 15011, inbound: 15016}}")).unwrap();
    let mut new = pod.talks();
    echo_all(&mut talks);
    echo_all(&mut new);
    let originals: Vec<_> = other.seen().iter().map(|seen| seen.original).collect();
    assert_eq!(originals, ways().map(|way| way.to));
    assert_eq!(pod.proxy.seen().len(), 4);
}

/// A base chain that hangs elsewhere makes the table be deleted and made in one transaction.
#[test]
fn they_live_on_when_the_table_is_made_anew() {
    let pod = Pod::new();
    let base = CapturePolicy::default();
    pod.apply(&base).unwrap();
    let table = said(&pod.bed.pod, "nft list table inet nftdivert", "");
    let moved = table.replace("hook output priority -100", "hook output priority -99");
    let moved = moved.replace("hook prerouting priority dstnat", "hook prerouting priority -99");
    assert_ne!(moved, table);
    let exchange = format!("delete table inet nftdivert\n{moved}");
    said(&pod.bed.pod, "nft -f -", &exchange);
    let mut talks = pod.talks();
    assert_eq!(pod.proxy.seen().len(), 4);
    for policy in [&policy("counters: on"), &base] {
        said(&pod.bed.pod, "nft -f -", &exchange);
        echo_all(&mut talks);
        assert_eq!(pod.apply(policy).unwrap().outcome, Outcome::Replaced);
        echo_all(&mut talks);
        assert!(verify(&pod.target(), policy).unwrap().differences.is_empty());
    }
    pod.captures_all();
}
