//! What can't be proven is told with its reason, and is no success.

use nftdivert::demo::{Bed, BedOptions, Ipv6Support};
use nftdivert_integration::fixture::put;
use nftdivert_integration::shell::ip;

use crate::harness::{APP, PROXY, pod, probe, probe_with};

#[test]
fn what_comes_in_is_not_proven_from_inside() {
    let bed = pod("inbound: {ports: all}");
    for id in [APP, PROXY] {
        let ran = probe(&bed.pod, id, "");
        ran.is(0, "unproven", &["inbound"]);
        assert!(ran.of("inbound").1.contains("only a connection from outside"), "{ran:?}");
    }
    // Every port is captured where it comes in; what the pod sends to itself is not.
    probe(&bed.pod, APP, "").is(0, "direct", &["own address IPv4", "own address IPv6"]);
}

#[test]
fn ipv6_that_is_not_there_is_no_failure() {
    let bed = Bed::new(BedOptions { ipv6: Ipv6Support::Off }).unwrap();
    put(&bed.pod, "dns: {capture: all}").unwrap();
    let app = probe(&bed.pod, APP, "dns: {capture: all}");
    app.is(0, "proven", &["outbound IPv4", "DNS over UDP IPv4"]);
    app.is(0, "unproven", &["outbound IPv6", "DNS over UDP IPv6", "own address IPv6"]);
    assert!(app.of("outbound IPv6").1.contains("no route"), "{app:?}");
    let proxy = probe(&bed.pod, PROXY, "");
    proxy.is(0, "proven", &["proxy's self-call IPv4"]);
    proxy.is(0, "unproven", &["proxy's self-call IPv6"]);
}

#[test]
fn ipv6_without_a_route_is_no_failure() {
    let bed = pod("");
    ip(&bed.pod, "-6 route del default");
    let app = probe(&bed.pod, APP, "");
    app.is(0, "unproven", &["outbound IPv6"]);
    app.is(0, "proven", &["outbound IPv4"]);
}

#[test]
fn ipv6_that_is_left_alone_proves_nothing() {
    let bed = pod("ipv6: bypass");
    probe(&bed.pod, APP, "ipv6: bypass").is(0, "unproven", &["outbound IPv6"]);
    probe(&bed.pod, PROXY, "ipv6: bypass").is(0, "direct", &["proxy's self-call IPv6"]);
}

#[test]
fn where_nothing_could_be_proven_the_probe_does_not_succeed() {
    for (policy, id, reason) in [
        ("outbound: {ranges: []}", APP, "no rule captures it"),
        ("interfaces: {exclude: [eth0]}", APP, "interfaces.exclude lets it pass"),
        ("outbound: {excludePorts: [1-65535]}", APP, "outbound.excludePorts lets it pass"),
        ("proxy: {netClsClassid: 0x100001}", APP, "depends on its cgroup or net_cls class"),
    ] {
        let bed = pod(policy);
        let ran = probe(&bed.pod, id, policy);
        ran.is(126, "unproven", &["outbound IPv4", "outbound IPv6"]);
        assert!(ran.of("outbound IPv6").1.contains(reason), "{ran:?}");
        assert!(!ran.out.contains("\"failed\""), "{ran:?}");
    }
}

#[test]
fn ids_decide_where_a_group_need_not() {
    let policy = "proxy: {uids: [1337], netClsClassid: 0x100001, match: all}";
    let bed = pod(policy);
    probe(&bed.pod, APP, policy).is(0, "proven", &["outbound IPv4", "outbound IPv6"]);
    let any = "proxy: {uids: [1337], netClsClassid: 0x100001}";
    let bed = pod(any);
    probe(&bed.pod, PROXY, any).is(0, "proven", &["proxy's self-call IPv4"]);
}

#[test]
fn wrong_usage_is_told() {
    let bed = pod("");
    for (words, text) in [
        (["--probe-port", "15001"], "one of the proxy's ports"),
        (["--probe-port", "0"], "must be a port"),
        (["--timeout", "soon"], "write for example 5s"),
        (["--timeout", "0s"], "give it more time"),
        (["--outbound-port", "x"], "must be a port"),
        (["--dns-servers", "x"], "dns"),
    ] {
        let ran = probe_with(&bed.pod, APP, "", &words);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(text), "{ran:?}");
    }
}
