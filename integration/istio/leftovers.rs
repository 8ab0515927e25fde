//! What is switched off is gone: TPROXY and DNS capture leave no tables that go on working.

use nftdivert::demo::{Ipv6Support, NameServerOptions, Transport, User};
use nftdivert_integration::asserts::at;
use nftdivert_integration::fate::{Case, From, Stage};
use nftdivert_integration::shell::{nft, nft_list};

use crate::mesh::{DNS, REDIRECT, TPROXY, apply, fails, install, pod, stage, transparent_stage};

/// Counts what TPROXY has marked; ours loses the mark again before its socket sees it.
const MARKED: &str = "table inet seen { chain prerouting { type filter hook prerouting priority -120; \
     meta l4proto tcp meta mark 1337 counter; }; }";

/// Lets in what conntrack knows, and what is not UDP: a firewall as pods have it.
const STATEFUL: &str = "table inet firewall { chain input { type filter hook input priority 0; \
     iifname lo accept; ct state established,related accept; meta l4proto udp drop; }; }";

fn tables(stage: &Stage) -> Vec<String> {
    let listed = nft_list(&stage.bed.pod, "tables");
    listed.lines().map(|line| line.trim_start_matches("table ").to_owned()).collect()
}

/// Whether packets come with the mark that no policy in force gives.
fn is_marked(stage: &Stage, cases: &[Case]) -> bool {
    nft(&stage.bed.pod, MARKED);
    stage.all_right(cases);
    let listed = nft_list(&stage.bed.pod, "table inet seen");
    nft(&stage.bed.pod, "delete table inet seen");
    !listed.contains("packets 0 ")
}

#[test]
fn tproxy_ends_when_it_is_switched_off() {
    let cases = pod(8080).map(|to| Case::into_pod("client", to, "inbound to app"));

    let theirs = transparent_stage();
    install(&theirs.bed.pod, TPROXY);
    assert!(is_marked(&theirs, &cases));
    install(&theirs.bed.pod, REDIRECT);
    assert!(tables(&theirs).contains(&"inet istio-proxy-mangle".to_owned()));
    assert!(is_marked(&theirs, &cases));

    let ours = transparent_stage();
    apply(&ours, "inbound: {mode: tproxy}");
    assert!(is_marked(&ours, &cases));
    apply(&ours, "");
    assert_eq!(tables(&ours), ["inet nftdivert"]);
    assert!(!is_marked(&ours, &cases));
}

/// A port that the new policy leaves alone is left alone.
#[test]
fn a_port_is_free_when_tproxy_is_switched_off() {
    let without = REDIRECT.replace("{ 15008, ", "{ 9090, 15008, ");
    let cases = pod(9090).map(|to| Case::into_pod("excluded", to, "direct to app"));

    let theirs = transparent_stage();
    install(&theirs.bed.pod, TPROXY);
    install(&theirs.bed.pod, &without);
    let told = ["excluded -> 10.88.0.2:9090: inbound", "excluded -> [fd88::2]:9090: inbound"];
    fails(&theirs.wrong(&cases), &told);

    let ours = transparent_stage();
    apply(&ours, "inbound: {mode: tproxy}");
    apply(&ours, "inbound: {excludePorts: [9090]}");
    ours.all_right(&cases);
}

#[test]
fn dns_capture_ends_when_it_is_switched_off() {
    let staged = || {
        let world = NameServerOptions::of_world(Ipv6Support::On);
        let proxy = NameServerOptions::of_proxy(Ipv6Support::On);
        let stage = stage().with_name_server(From::Outside, world);
        stage.with_name_server(From::Pod, proxy)
    };
    let cases: Vec<Case> = at(["192.0.2.10", "2001:db8::10"], 53)
        .into_iter()
        .flat_map(|to| {
            [User::APP, User::PROXY].map(|user| {
                let name = if user == User::APP { "app" } else { "proxy" };
                Case::ask(name, user, (Transport::Udp, to), "direct answered by resolver")
            })
        })
        .collect();

    let theirs = staged();
    install(&theirs.bed.pod, DNS);
    install(&theirs.bed.pod, REDIRECT);
    assert!(tables(&theirs).contains(&"inet istio-proxy-raw".to_owned()));
    theirs.all_right(&cases);
    // The answer is in another zone than the question was: to a firewall it comes out of nothing.
    nft(&theirs.bed.pod, STATEFUL);
    let told = ["app, Udp -> 192.0.2.10:53: direct no", "app, Udp -> [2001:db8::10]:53: direct no"];
    fails(&theirs.wrong(&cases), &told);

    let ours = staged();
    apply(&ours, "dns: {capture: all}");
    apply(&ours, "");
    nft(&ours.bed.pod, STATEFUL);
    ours.all_right(&cases);
}
