//! What is proven where the rules are there.

use std::time::Duration;

use nftdivert::demo::{Proxy, ProxyOptions, User, as_user};
use nftdivert::verify::probe::{Check, Outcome, ProbeOptions, Role, probe as from_inside};
use nftdivert::words::{IpFamily, Port};
use nftdivert_integration::fixture::{pod_root, policy};
use nftdivert_integration::shell::program;

use crate::harness::{APP, PROXY, Watch, pod, probe, probe_with};

const OUTBOUND: [&str; 2] = ["outbound IPv4", "outbound IPv6"];
const SELF_CALLS: [&str; 2] = ["proxy's self-call IPv4", "proxy's self-call IPv6"];
const DNS: [&str; 4] =
    ["DNS over UDP IPv4", "DNS over TCP IPv4", "DNS over UDP IPv6", "DNS over TCP IPv6"];

#[test]
fn an_app_proves_outbound_and_the_proxy_its_self_call() {
    let bed = pod("");
    let app = probe(&bed.pod, APP, "");
    app.is(0, "proven", &OUTBOUND);
    app.is(
        0,
        "direct",
        &["own address IPv4", "own address IPv6", "loopback IPv4", "loopback IPv6"],
    );
    app.is(0, "unproven", &SELF_CALLS);
    assert_eq!(app.json()["role"], "app");
    let proxy = probe(&bed.pod, PROXY, "");
    proxy.is(0, "proven", &SELF_CALLS);
    proxy.is(0, "direct", &["passthrough IPv4", "passthrough IPv6", "loopback IPv4"]);
    proxy.is(0, "unproven", &OUTBOUND);
    assert_eq!((&proxy.json()["role"], &proxy.json()["holds"]), (&"proxy".into(), &true.into()));
    assert_eq!((app.err.as_str(), proxy.err.as_str()), ("", ""));
}

#[test]
fn people_read_one_line_for_each_check() {
    let bed = pod("");
    let ran = probe_with(&bed.pod, APP, "", &[]);
    let line = "proven    outbound IPv6, to [2001:db8::1]:80: came to the outbound port 15001 with \
                its original destination\n";
    assert!(ran.out.contains(line), "{ran:?}");
    assert!(
        ran.out.ends_with("as an app: 4 proven, 0 kept, 4 direct, 3 unproven, 0 failed\n"),
        "{ran:?}"
    );
}

#[test]
fn tproxy_keeps_the_proxys_self_call() {
    for mode in ["tproxy", "tproxyFast"] {
        let policy = format!("inbound: {{mode: {mode}}}");
        let bed = pod(&policy);
        let proxy = probe(&bed.pod, PROXY, &policy);
        proxy.is(0, "kept", &SELF_CALLS);
        proxy.is(0, "direct", &["passthrough IPv4", "passthrough IPv6"]);
        assert!(proxy.of(SELF_CALLS[0]).1.contains("no transparent socket"), "{proxy:?}");
        probe(&bed.pod, APP, &policy).is(0, "proven", &OUTBOUND);
    }
}

#[test]
fn name_queries_to_any_server_or_to_listed_ones() {
    for policy in [
        "dns: {capture: all}",
        "dns: {capture: listed, servers: [198.51.100.53, 'fd53::53']}",
        "dns: {capture: all}\noutbound: {ranges: []}\nproxy: {ports: {dns: 10053}}",
    ] {
        let bed = pod(policy);
        probe(&bed.pod, APP, policy).is(0, "proven", &DNS);
        let proxy = probe(&bed.pod, PROXY, policy);
        proxy.is(0, "unproven", &DNS);
    }
}

#[test]
fn name_queries_to_the_servers_of_the_pod() {
    let root = tempfile::Builder::new().prefix("nftdivert").tempdir_in("/tmp").unwrap();
    let etc = root.path().join("etc");
    std::fs::create_dir(&etc).unwrap();
    std::fs::copy(pod_root().join("etc/resolv.conf"), etc.join("resolv.conf")).unwrap();
    for folder in [root.path(), &etc] {
        std::process::Command::new("chmod").arg("755").arg(folder).status().unwrap();
    }
    let policy = "dns: {capture: listed, servers: resolvConf}";
    let bed = pod(policy);
    let words = ["--output", "json", "--root", root.path().to_str().unwrap()];
    probe_with(&bed.pod, APP, policy, &words).is(0, "proven", &DNS);
}

#[test]
fn whatever_the_policy_leaves_to_capture() {
    for policy in [
        "outbound: {ranges: [10.0.0.0/8, 'fd00::/8']}",
        "outbound: {ranges: [0.0.0.0/0, '::/0'], excludeRanges: [192.0.2.0/24, '2001:db8::/32']}",
        "outbound: {ranges: [], includePorts: [7000-7001]}",
        "outbound: {excludePorts: [1-1000]}",
        "outbound: {ranges: [], services: [{address: 10.96.0.10, port: 443}, \
         {address: 'fd99::10', port: 443}]}",
        "outbound: {ownerGroups: {include: [1000]}}",
        "outbound: {excludePortsByUid: [{uids: [1000], ports: [80, 443]}]}",
        "proxy: {ports: {outbound: 16001, inbound: 16001}}",
        "proxy: {uids: [1337], cgroup: null, mark: 0x539, match: all}",
        "counters: on\nloNotrack: true\ninbound: {dropInvalid: true}",
    ] {
        let bed = pod(policy);
        probe(&bed.pod, APP, policy).is(0, "proven", &OUTBOUND);
    }
}

#[test]
fn every_user_of_the_proxy_is_the_proxy() {
    let policy = "proxy: {uids: [1337, 2102], gids: [7]}";
    let bed = pod(policy);
    for (id, checks) in [(1337, SELF_CALLS), (2102, SELF_CALLS), (7, SELF_CALLS), (8, OUTBOUND)] {
        probe(&bed.pod, id, policy).is(0, "proven", &checks);
    }
}

#[test]
fn refused_ipv6_is_proven_by_everybody() {
    let policy = "ipv6: reject";
    let bed = pod(policy);
    for id in [APP, PROXY] {
        let ran = probe(&bed.pod, id, policy);
        ran.is(0, "proven", &["outbound IPv6"]);
        ran.is(0, "direct", &["loopback IPv6"]);
        assert_eq!(ran.of("outbound IPv6").1, "refused at once, as the policy says");
    }
}

#[test]
fn nothing_is_left_and_the_proxy_can_start_at_once() {
    let policy = "dns: {capture: all}";
    let bed = pod(policy);
    for id in [APP, PROXY] {
        probe(&bed.pod, id, policy).is(0, "proven", &[]);
    }
    let sockets = program(&bed.pod, &["ss", "-H", "-tuan"], "");
    assert_eq!(sockets, "");
    Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
}

#[test]
fn nothing_of_it_leaves_the_pod() {
    let policy = "dns: {capture: all}";
    let bed = pod(policy);
    let watch = Watch::start(&bed);
    for id in [APP, PROXY] {
        probe(&bed.pod, id, policy).is(0, "proven", &[]);
    }
    assert_eq!(watch.near_and_far(), [0, 0]);
}

#[test]
fn the_library_probes_as_the_calling_thread() {
    let bed = pod("");
    let options = ProbeOptions {
        port: Port::new(15002).unwrap(),
        limit: Duration::from_secs(5),
        root: "/".into(),
    };
    for (user, role, check) in [
        (User::APP, Role::App, Check::Outbound(IpFamily::V4)),
        (User::PROXY, Role::Proxy, Check::SelfCall(IpFamily::V6)),
    ] {
        let report = as_user(&bed.pod, user, || from_inside(&policy(""), &options));
        let report = report.unwrap().unwrap();
        assert_eq!(report.role, role);
        assert!(report.holds(), "{report:?}");
        let found = report.findings.iter().find(|finding| finding.check == check).unwrap();
        assert_eq!(found.outcome, Outcome::Proven, "{found:?}");
    }
}
