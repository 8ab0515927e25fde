//! Istio's rules and what its agent does with them, and who is where.

use std::net::SocketAddr;

use nftdivert::demo::{AppSource, ProxyOptions};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fate::Stage;
use nftdivert_integration::fixture::put;
use nftdivert_integration::shell::{ip, nft, program};

/// The text of a file in `integration/fixtures/istio/`.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/istio/", $name))
    };
}

pub(crate) const REDIRECT: &str = fixture!("redirect.nft");
pub(crate) const SEVERAL_IDS: &str = fixture!("several-ids.nft");
/// As it is installed where the node's addresses say that there is IPv4 alone.
pub(crate) const IPV4_DETECTED: &str = fixture!("istio-native.nft");
pub(crate) const TPROXY: &str = fixture!("tproxy.nft");
pub(crate) const DNS: &str = fixture!("dns.nft");
pub(crate) const DROP_INVALID: &str = fixture!("drop-invalid.nft");
pub(crate) const SEED: &str = fixture!("seed-redirect.nft");
pub(crate) const SEED_LISTING: &str = fixture!("istio-init.legacy.v4.rules");
pub(crate) const SINGLE_PORT_UID: &str = fixture!("seed-single-port-uid.nft");
pub(crate) const SINGLE_PORT_MARK: &str = fixture!("seed-single-port-mark.nft");
pub(crate) const SINGLE_PORT_CLASS: &str = fixture!("seed-single-port-class.nft");
const ROUTES: &str = fixture!("tproxy-routes.sh");
const CLEANUP: &str = fixture!("tproxy-cleanup.sh");

/// Applies rules as the native agent does: each table that it writes is made anew, and those that
/// it does not write it does not know.
#[track_caller]
pub(crate) fn install(pod: &Netns, rules: &str) {
    let tables = rules.lines().filter_map(|line| line.strip_prefix("table "));
    let heads = tables.map(|table| table.trim_end_matches(" {"));
    let anew: String = heads.map(|head| format!("table {head}\ndelete table {head}\n")).collect();
    nft(pod, &format!("{anew}{rules}"));
    if rules.contains("::6") {
        ip(pod, "-6 address replace ::6/128 dev lo nodad");
    }
    if rules == TPROXY {
        script(pod, ROUTES);
    }
}

/// What a clean-up does besides nf_tables.
#[track_caller]
pub(crate) fn clean_up_routes(pod: &Netns) {
    script(pod, CLEANUP);
}

#[track_caller]
fn script(pod: &Netns, lines: &str) {
    program(pod, &["sh", "-eus"], lines);
}

/// Applies the policy of this YAML in the stage's pod.
#[track_caller]
pub(crate) fn apply(stage: &Stage, policy: &str) {
    put(&stage.bed.pod, policy).expect("apply");
}

/// The usual stage, without rules.
#[track_caller]
pub(crate) fn stage() -> Stage {
    Stage::new(ProxyOptions::default(), &[8080, 9090, 15008], &[80, 15008])
}

/// The same with a proxy that takes steered connections and keeps the client's address.
#[track_caller]
pub(crate) fn steered_stage() -> Stage {
    let app_source = AppSource::Client { mark: 1337 };
    let proxy = ProxyOptions { transparent: true, app_source, ..ProxyOptions::default() };
    Stage::new(proxy, &[8080, 9090, 15008], &[80])
}

/// A proxy that takes steered connections, and dials the app from the passthrough source.
#[track_caller]
pub(crate) fn transparent_stage() -> Stage {
    let proxy = ProxyOptions { transparent: true, ..ProxyOptions::default() };
    Stage::new(proxy, &[8080, 9090, 15008], &[80])
}

/// The world, in both families.
pub(crate) fn world() -> [SocketAddr; 2] {
    at(["192.0.2.10", "2001:db8::10"], 80)
}

/// The pod's own addresses.
pub(crate) fn pod(port: u16) -> [SocketAddr; 2] {
    at(["10.88.0.2", "fd88::2"], port)
}

/// What is wrong is told in lines that begin so, in this order.
#[track_caller]
pub(crate) fn fails(wrong: &[String], starts: &[&str]) {
    let told = wrong.iter().map(String::as_str);
    assert!(
        wrong.len() == starts.len()
            && told.zip(starts).all(|(told, start)| told.starts_with(start)),
        "{wrong:#?}\nnot\n{starts:#?}"
    );
}
