//! Many policies and identities: what is tried, and what is not.

mod judged;

use std::net::IpAddr;

use super::check::Trial;
use super::decide::{Known, Step, decide};
use super::place::{NAMED_CGROUP, Place, Route};
use super::report::Outcome;
use super::*;
use crate::words::{Gid, IpFamily, Uid};

const SERVERS: [&str; 2] = ["10.96.0.10", "fd00::a"];

fn policy(text: &str) -> CapturePolicy {
    CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap()
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn place(id: u32) -> Place {
    let all = ["127.0.0.1", "::1", "10.88.0.2", "fe80::1", "fd88::2"];
    let lo = |address: &IpAddr| if address.is_loopback() { "lo" } else { "eth0" };
    let named = |address: IpAddr| (lo(&address).parse().unwrap(), address);
    Place {
        uid: Uid::new(id).unwrap(),
        gid: Gid::new(id).unwrap(),
        addresses: addresses(&all).into_iter().map(named).collect(),
    }
}

fn route(place: &Place, to: IpAddr) -> Result<Route, String> {
    let same = |(_, own): &&(_, IpAddr)| own.is_ipv4() == to.is_ipv4() && place.own_like(*own);
    let found = place.addresses.iter().find(same);
    let (interface, source) = found.cloned().ok_or_else(|| "Network is unreachable".to_owned())?;
    Ok(Route { source, interface })
}

impl Place {
    fn own_like(&self, address: IpAddr) -> bool {
        [IpFamily::V4, IpFamily::V6]
            .iter()
            .any(|family| self.own(*family).any(|own| own == address))
    }
}

fn steps_at(text: &str, place: &Place) -> Vec<String> {
    let policy = policy(text);
    let cgroup = policy.proxy.identity.marks().cgroup.as_ref().map(|_| NAMED_CGROUP);
    let facts = HostFacts { name_servers: addresses(&SERVERS), cgroup, ..HostFacts::default() };
    let plan = plan(&policy, &facts).unwrap();
    let known = Known {
        policy: &policy,
        ruleset: &plan.ruleset,
        name_servers: &facts.name_servers,
        place,
        port: Port::new(15002).unwrap(),
        routes: &|to| route(place, to),
    };
    decide(&known).iter().map(in_words).collect()
}

/// `outbound IPv4 192.0.2.1:80 Captured(15001)`, or `outbound IPv4: the reason`.
fn in_words(step: &Step) -> String {
    match step {
        Step::Try(Trial { check, to, expected, .. }) => format!("{check} {to} {expected:?}"),
        Step::Tell(finding) => {
            assert_eq!(finding.outcome, Outcome::Unproven);
            format!("{}: {}", finding.check, finding.seen)
        }
    }
}

/// The steps of an app, without those that begin with any of these words.
fn app(text: &str) -> Vec<String> {
    let all = steps_at(text, &place(1000));
    let rest = ["proxy's", "own", "loopback", "inbound"];
    all.into_iter().filter(|step| !rest.iter().any(|word| step.starts_with(word))).collect()
}

#[test]
fn an_app_tries_what_leaves_and_calls_its_own_pod() {
    let no = "this process is not the proxy";
    let all = steps_at("", &place(1000));
    assert_eq!(
        all[..10],
        [
            "outbound IPv4 192.0.2.1:80 Captured(15001)".to_owned(),
            "outbound IPv4 198.18.0.1:9 Captured(15001)".to_owned(),
            format!("proxy's self-call IPv4: {no}"),
            "own address IPv4 10.88.0.2:15002 Direct".to_owned(),
            "loopback IPv4 127.0.0.1:15002 Direct".to_owned(),
            "outbound IPv6 [2001:db8::1]:80 Captured(15001)".to_owned(),
            "outbound IPv6 [100::1]:9 Captured(15001)".to_owned(),
            format!("proxy's self-call IPv6: {no}"),
            "own address IPv6 [fd88::2]:15002 Direct".to_owned(),
            "loopback IPv6 [::1]:15002 Direct".to_owned(),
        ]
    );
    assert!(all[10].starts_with("inbound: what a process sends"), "{all:#?}");
}

#[test]
fn the_proxy_tries_what_stays_in_the_pod() {
    let passes = "this process is the proxy (uid 1337, gid 1337): what it sends passes";
    for (mode, self_call) in [
        ("redirect", "Captured(15006)"),
        ("tproxy", "Steered(15006)"),
        ("tproxyFast", "Steered(15006)"),
    ] {
        let all = steps_at(&format!("inbound: {{mode: {mode}}}"), &place(1337));
        assert_eq!(
            all[..4],
            [
                format!("outbound IPv4: {passes}"),
                format!("proxy's self-call IPv4 10.88.0.2:15002 {self_call}"),
                "passthrough IPv4 10.88.0.2:15002 Direct".to_owned(),
                "loopback IPv4 127.0.0.1:15002 Direct".to_owned(),
            ],
            "{mode}"
        );
        assert_eq!(all[5], format!("proxy's self-call IPv6 [fd88::2]:15002 {self_call}"));
    }
}

#[test]
fn a_destination_is_found_wherever_the_policy_leaves_one() {
    for (text, v4, v6) in [
        ("outbound: {excludePorts: [80, 443]}", "192.0.2.1:8080", "[2001:db8::1]:8080"),
        ("outbound: {excludePorts: [1-9000]}", "192.0.2.1:9001", "[2001:db8::1]:9001"),
        ("outbound: {ranges: [10.0.0.0/8, fd00::/8]}", "10.0.0.1:80", "[fd00::1]:80"),
        (
            "outbound: {excludeRanges: [192.0.0.0/8, 203.0.113.0/24, 198.51.100.0/24, 2000::/3]}",
            "198.18.0.1:80",
            "[100::1]:80",
        ),
        (
            "outbound: {ranges: [], includePorts: [7000-7001]}",
            "192.0.2.1:7000",
            "[2001:db8::1]:7000",
        ),
        (
            "outbound: {ranges: [], services: [{address: 10.96.0.10, port: 77}, \
             {address: 'fd00::a', port: 78}]}",
            "10.96.0.10:77",
            "[fd00::a]:78",
        ),
        (
            "outbound: {excludePortsByUid: [{uids: [1000], ports: [1-100]}]}",
            "192.0.2.1:443",
            "[2001:db8::1]:443",
        ),
        ("proxy: {ports: {outbound: 80}}", "192.0.2.1:80", "[2001:db8::1]:80"),
    ] {
        let port = if text.contains("outbound: 80") { 80 } else { 15001 };
        let wanted = [
            format!("outbound IPv4 {v4} Captured({port})"),
            format!("outbound IPv6 {v6} Captured({port})"),
        ];
        let first = |family: &str| app(text).into_iter().find(|step| step.contains(family));
        let found = ["IPv4", "IPv6"].map(|family| first(family).unwrap());
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn two_samples_differ_where_the_policy_leaves_two() {
    for (text, samples) in [
        ("ipv6: bypass", 2),
        ("ipv6: bypass\noutbound: {ranges: [], includePorts: [7000]}", 2),
        ("ipv6: bypass\noutbound: {ranges: [], services: [{address: 10.96.0.10, port: 77}]}", 1),
    ] {
        let v4 = app(text).into_iter().filter(|step| step.starts_with("outbound IPv4 "));
        let different: std::collections::BTreeSet<_> = v4.clone().collect();
        assert_eq!((v4.count(), different.len()), (samples, samples), "{text}");
    }
}

#[test]
fn where_nothing_is_captured_the_setting_is_named() {
    for (text, setting) in [
        ("outbound: {ranges: []}", "no rule captures it"),
        ("outbound: {excludeRanges: [0.0.0.0/0, '::/0']}", "outbound.excludeRanges lets it pass"),
        ("outbound: {excludePorts: [1-65535]}", "outbound.excludePorts lets it pass"),
        ("interfaces: {exclude: [eth0]}", "interfaces.exclude lets it pass"),
        ("outbound: {ownerGroups: {include: [5]}}", "outbound.ownerGroups.include lets it pass"),
    ] {
        for step in app(text) {
            assert!(step.starts_with("outbound") && step.contains(setting), "{text}: {step}");
        }
    }
}

#[test]
fn ipv6_is_refused_or_left_alone_or_not_there() {
    let of_v6 = |text: &str, id| steps_at(text, &place(id))[3..].join("\n");
    for id in [1000, 1337] {
        let refused = of_v6("ipv6: reject", id);
        assert!(refused.contains("outbound IPv6 [2001:db8::1]:80 Refused"), "{refused}");
        let bypassed = of_v6("ipv6: bypass", id);
        assert!(bypassed.contains("outbound IPv6: ipv6: bypass leaves"), "{bypassed}");
        assert!(!bypassed.contains("passthrough IPv6"), "{bypassed}");
    }
    let mut bare = place(1000);
    bare.addresses.retain(|(_, address)| address.is_ipv4());
    let all = steps_at("dns: {capture: all}", &bare).join("\n");
    let missing = "no route to 2001:db8::1: Network is unreachable";
    assert_eq!(all.matches(missing).count(), 3, "{all}");
    assert!(all.contains("own address IPv6: the pod has no IPv6 address but loopback"), "{all}");
    assert!(!all.contains("loopback IPv6"), "{all}");
}

#[test]
fn queries_are_tried_by_both_protocols() {
    let nobody = app("dns: {capture: all}");
    assert!(nobody.contains(&"DNS over UDP IPv4 192.0.2.1:53 Captured(15053)".to_owned()));
    assert!(nobody.contains(&"DNS over TCP IPv6 [2001:db8::1]:53 Captured(15053)".to_owned()));
    let pods = app("dns: {capture: listed}\noutbound: {ranges: []}");
    assert!(pods.contains(&"DNS over UDP IPv4 10.96.0.10:53 Captured(15053)".to_owned()));
    assert!(pods.contains(&"DNS over TCP IPv6 [fd00::a]:53 Captured(15053)".to_owned()));
    let one = app("dns: {capture: listed, servers: [10.0.0.53]}").join("\n");
    assert!(one.contains("DNS over UDP IPv4 10.0.0.53:53") && !one.contains("DNS over UDP IPv6"));
    let v4 = app("dns: {capture: all}\nipv6: reject").join("\n");
    assert!(v4.contains("DNS over TCP IPv4") && !v4.contains("DNS over TCP IPv6"), "{v4}");
}

#[test]
fn what_depends_on_a_group_of_processes_is_not_tried() {
    for text in ["proxy: {cgroup: /mesh/envoy}", "proxy: {netClsClassid: 5}"] {
        let all = steps_at(text, &place(1000));
        for check in ["outbound IPv4", "proxy's self-call IPv4"] {
            let step = all.iter().find(|step| step.starts_with(check)).unwrap();
            assert!(step.contains("depends on its cgroup or net_cls class"), "{text}: {step}");
        }
        // To the rules it makes no difference here.
        assert!(all.contains(&"loopback IPv4 127.0.0.1:15002 Direct".to_owned()), "{all:#?}");
        let known = steps_at(text, &place(1337));
        assert!(known[1].ends_with("Captured(15006)"), "{text}: {known:#?}");
    }
    let all = app("proxy: {uids: [1337], cgroup: /mesh/envoy, match: all}");
    assert!(all[0].ends_with("Captured(15001)"), "{all:#?}");
    let refused = steps_at("proxy: {cgroup: /mesh/envoy}\nipv6: reject", &place(1000)).join("\n");
    assert!(refused.contains("outbound IPv6 [2001:db8::1]:80 Refused"), "{refused}");
}

#[test]
fn a_probe_that_can_not_begin_says_why() {
    let options = |port, limit| ProbeOptions { port, limit, root: "/".into() };
    let (port, limit) = (Port::new(15002).unwrap(), Duration::from_secs(1));
    for port in ["15001", "15006", "15008", "15053"] {
        let refused = probe(&policy(""), &options(port.parse().unwrap(), limit)).unwrap_err();
        assert!(refused.is_usage() && refused.to_string().contains(port), "{refused}");
    }
    let refused = probe(&policy(""), &options(port, Duration::ZERO)).unwrap_err();
    assert!(refused.is_usage() && refused.to_string().contains("more time"), "{refused}");
    let runtime = Builder::new_current_thread().build().unwrap();
    let refused = runtime.block_on(async { probe(&policy(""), &options(port, limit)) });
    assert!(matches!(refused, Err(ProbeError::InRuntime)), "{refused:?}");
}
