//! What is seen where the rules are not as the policy says.

use std::net::SocketAddr;

use nftdivert::demo::{Bed, BedOptions, EchoServer, Proxy, ProxyOptions, User};
use nftdivert_integration::shell::{ip, nft, nft_list_handles};

use crate::harness::{APP, PROXY, Watch, pod, probe, probe_with};

const OUTBOUND: [&str; 2] = ["outbound IPv4", "outbound IPv6"];
const SELF_CALLS: [&str; 2] = ["proxy's self-call IPv4", "proxy's self-call IPv6"];
/// Where a wait is the outcome, a short one.
const BRIEF: [&str; 4] = ["--output", "json", "--timeout", "1s"];

/// The peer answers for the addresses where nobody is, on this port.
fn strangers(bed: &Bed, port: u16) -> EchoServer {
    for range in ["192.0.2.0/24", "2001:db8::/32"] {
        ip(&bed.peer, &format!("route replace local {range} dev lo"));
    }
    let any = ["0.0.0.0", "::"].map(|any| SocketAddr::new(any.parse().unwrap(), port));
    EchoServer::start(&bed.peer, User::ROOT, "stranger", &any).unwrap()
}

/// Deletes the only rule of this chain that has these words.
fn delete_rule(bed: &Bed, chain: &str, words: &str) {
    let list = nft_list_handles(&bed.pod, &format!("chain inet nftdivert {chain}"));
    let found: Vec<&str> = list.lines().filter(|line| line.contains(words)).collect();
    let [rule] = found.as_slice() else { panic!("{words}: {list}") };
    let handle = rule.rsplit_once("# handle ").unwrap().1;
    nft(&bed.pod, &format!("delete rule inet nftdivert {chain} handle {handle}"));
}

#[test]
fn without_rules_everything_fails() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let app = probe_with(&bed.pod, APP, "dns: {capture: all}", &BRIEF);
    app.is(126, "failed", &OUTBOUND);
    app.is(126, "failed", &["DNS over UDP IPv4", "DNS over TCP IPv6"]);
    app.is(126, "direct", &["own address IPv4"]);
    let proxy = probe(&bed.pod, PROXY, "");
    proxy.is(126, "failed", &SELF_CALLS);
    assert!(proxy.of(SELF_CALLS[0]).1.contains("it came where it was sent"), "{proxy:?}");
    proxy.is(126, "failed", &["passthrough IPv6"]);
    let steered = probe(&bed.pod, PROXY, "inbound: {mode: tproxy}");
    steered.is(126, "failed", &SELF_CALLS);
    let reject = probe_with(&bed.pod, APP, "ipv6: reject", &BRIEF);
    reject.is(126, "failed", &["outbound IPv6"]);
}

#[test]
fn somebody_else_at_the_other_end_is_not_the_proxy() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let _strangers = strangers(&bed, 80);
    let app = probe(&bed.pod, APP, "");
    for check in OUTBOUND {
        assert_eq!(
            app.of(check),
            ("failed".into(), "not captured: somebody else was there".into())
        );
    }
    let app = probe(&bed.pod, APP, "ipv6: reject");
    app.is(126, "failed", &OUTBOUND);
    assert_eq!(app.of("outbound IPv6").1, "not refused: somebody was there");
}

#[test]
fn what_is_not_captured_comes_no_further_than_the_next_host() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let watch = Watch::start(&bed);
    probe_with(&bed.pod, APP, "dns: {capture: all}", &BRIEF).is(126, "failed", &OUTBOUND);
    let [near, far] = watch.near_and_far();
    assert!(near >= 6, "{near}");
    assert_eq!(far, 0);
}

#[test]
fn a_missing_rule_is_seen() {
    for (chain, words, id, checks) in [
        ("output", "redirect to :15001", APP, OUTBOUND),
        ("self_call", "redirect to :15006", PROXY, SELF_CALLS),
        ("loopback", "skuid 1337", PROXY, SELF_CALLS),
    ] {
        let bed = pod("proxy: {gids: [7]}");
        delete_rule(&bed, chain, words);
        probe_with(&bed.pod, id, "proxy: {gids: [7]}", &BRIEF).is(126, "failed", &checks);
    }
    let policy = "dns: {capture: all}";
    let bed = pod(policy);
    delete_rule(&bed, "dns", "udp redirect");
    let app = probe_with(&bed.pod, APP, policy, &BRIEF);
    app.is(126, "failed", &["DNS over UDP IPv4", "DNS over UDP IPv6"]);
    app.is(126, "proven", &["DNS over TCP IPv4", "DNS over TCP IPv6"]);
}

#[test]
fn a_rule_that_spares_the_second_sample_is_seen() {
    let bed = pod("outbound: {ranges: [], includePorts: [80]}");
    let app = probe_with(&bed.pod, APP, "", &[]);
    assert_eq!(app.code, 126, "{app:?}");
    assert_eq!(app.out.matches("proven    outbound").count(), 2, "{app:?}");
    assert_eq!(app.out.matches("failed    outbound").count(), 2, "{app:?}");
}

#[test]
fn what_is_required_and_not_proven_ends_with_126() {
    let bed = pod("");
    for (id, part, code) in [
        (APP, "outbound-ipv4,outbound-ipv6", 0),
        (APP, "self-call-ipv4", 126),
        (PROXY, "self-call-ipv4,self-call-ipv6", 0),
        (PROXY, "outbound-ipv4", 126),
        (APP, "dns-ipv4", 126),
    ] {
        let ran = probe_with(&bed.pod, id, "", &["--require", part]);
        assert_eq!(ran.code, code, "{part}: {ran:?}");
        let missing = format!("required, but not proven: {part}\n");
        assert_eq!(ran.out.contains(&missing), code != 0, "{part}: {ran:?}");
    }
    let json = probe_with(&bed.pod, APP, "", &["--require", "dns-ipv6", "--output", "json"]);
    assert_eq!(json.json()["missing"], serde_json::json!(["dns-ipv6"]));
    let unknown = probe_with(&bed.pod, APP, "", &["--require", "inbound"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
}

/// Nobody without `CAP_NET_ADMIN` sees where a rule leads that nobody serves.
#[test]
fn a_refusal_under_tproxy_is_kept_and_never_proven() {
    for applied in [
        "inbound: {mode: tproxy}\nproxy: {ports: {inbound: 16006}}",
        "proxy: {ports: {inbound: 16006}}",
    ] {
        let bed = pod(applied);
        let proxy = probe(&bed.pod, PROXY, "inbound: {mode: tproxy}");
        proxy.is(0, "kept", &SELF_CALLS);
        let words = ["--require", "self-call-ipv4", "--output", "json"];
        let required = probe_with(&bed.pod, PROXY, "inbound: {mode: tproxy}", &words);
        required.is(126, "kept", &SELF_CALLS);
    }
}

#[test]
fn another_port_is_seen() {
    let bed = pod("proxy: {ports: {outbound: 15011, inbound: 15001}}");
    let app = probe(&bed.pod, APP, "");
    app.is(126, "failed", &OUTBOUND);
    assert!(app.of("outbound IPv4").1.contains("another port than 15001"), "{app:?}");
    let proxy = probe(&bed.pod, PROXY, "");
    proxy.is(126, "failed", &SELF_CALLS);
    assert!(
        proxy.of(SELF_CALLS[1]).1.contains("the outbound port 15001 instead of the inbound"),
        "{proxy:?}"
    );
    let at = ["0.0.0.0:15011", "[::]:15011"].map(|at| at.parse().unwrap());
    let _other = EchoServer::start(&bed.pod, User::APP, "other", &at).unwrap();
    let app = probe(&bed.pod, APP, "");
    assert!(app.of("outbound IPv6").1.contains("somebody else was there"), "{app:?}");
}

#[test]
fn one_family_alone_is_not_enough() {
    let bed = pod("ipv6: bypass");
    let app = probe_with(&bed.pod, APP, "", &BRIEF);
    app.is(126, "proven", &["outbound IPv4"]);
    app.is(126, "failed", &["outbound IPv6"]);
    let proxy = probe(&bed.pod, PROXY, "");
    proxy.is(126, "proven", &["proxy's self-call IPv4"]);
    proxy.is(126, "failed", &["proxy's self-call IPv6"]);
}

#[test]
fn a_proxy_that_runs_already_is_told() {
    let bed = pod("");
    let _proxy = Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
    for (id, checks, times) in [(APP, OUTBOUND, 4), (PROXY, SELF_CALLS, 2)] {
        let ran = probe_with(&bed.pod, id, "", &[]);
        assert_eq!(ran.code, 126);
        assert_eq!(ran.out.matches("run the probe before the proxy and the app").count(), times);
        let ran = probe(&bed.pod, id, "");
        ran.is(126, "failed", &checks);
        assert!(ran.of(checks[1]).1.contains("Address already in use"), "{ran:?}");
    }
}

#[test]
fn what_is_captured_and_lost_ends_in_time() {
    let bed = pod("dns: {capture: all}");
    nft(
        &bed.pod,
        "table inet hole { chain input { type filter hook input priority 0; \
         tcp dport { 15001, 15006 } drop; udp dport 15053 drop; }; }",
    );
    let app = probe_with(&bed.pod, APP, "dns: {capture: all}", &BRIEF);
    app.is(126, "failed", &OUTBOUND);
    app.is(126, "failed", &["DNS over UDP IPv4"]);
    app.is(126, "proven", &["DNS over TCP IPv4"]);
    assert!(app.of("outbound IPv4").1.starts_with("no answer within 1s"), "{app:?}");
    probe_with(&bed.pod, PROXY, "", &BRIEF).is(126, "failed", &SELF_CALLS);
}
