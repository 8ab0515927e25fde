//! Whatever is done to our rules and elements is found, and the next apply repairs it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::apply::Outcome;
use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{assert_clean, check, put};
use nftdivert_integration::listing::{listed, planned};
use nftdivert_integration::shell::{nft, nft_list_handles, set_name};

pub const POLICY: &str = "outbound: {ranges: [10.0.0.0/8, 192.0.2.0/24, 'fd00::/8'], \
                      excludePorts: [25, 110, 143, 465, 993]}\n\
                      inbound: {ports: [80, 443]}";

/// One difference: its object, what is wanted, what is found.
pub type Line<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// Tampers with a fresh capture; the differences must be these; then an apply repairs.
#[track_caller]
pub fn found_and_repaired(tamper: impl FnOnce(&Netns), wanted: &[Line<'_>]) {
    let bed = Bed::new(BedOptions::default()).unwrap();
    put(&bed.pod, POLICY).unwrap();
    assert_clean(&bed.pod, POLICY);
    tamper(&bed.pod);
    let found = check(&bed.pod, POLICY).unwrap().differences;
    let objects: Vec<String> = found.iter().map(|d| without_digest(&d.object)).collect();
    let lines: Vec<Line<'_>> = found
        .iter()
        .zip(&objects)
        .map(|(d, object)| (object.as_str(), d.wanted.as_deref(), d.found.as_deref()))
        .collect();
    assert_eq!(lines, wanted);
    let applied = put(&bed.pod, POLICY).unwrap();
    assert_eq!(applied.outcome, Outcome::Replaced);
    assert_clean(&bed.pod, POLICY);
    assert_eq!(listed(&bed.pod), planned(&applied.plan));
}

/// The digest in an interval set's name follows from its elements.
fn without_digest(object: &str) -> String {
    match object.rsplit_once('_') {
        Some((name, digest)) if name.starts_with("set ") && digest.len() == 8 => {
            format!("{name}_*")
        }
        _ => object.to_owned(),
    }
}

/// The handle of the only rule of `chain` with these words.
#[track_caller]
fn handle(place: &Netns, chain: &str, words: &str) -> String {
    let listing = nft_list_handles(place, &format!("chain inet nftdivert {chain}"));
    let rules: Vec<&str> = listing.lines().filter(|line| line.contains(words)).collect();
    let [rule] = rules.as_slice() else { panic!("{words}: {rules:?}\n{listing}") };
    rule.rsplit_once("handle ").unwrap().1.to_owned()
}

#[test]
fn a_deleted_rule() {
    let tamper = |pod: &Netns| {
        let rule = handle(pod, "prerouting", "dport 443");
        nft(pod, &format!("delete rule inet nftdivert prerouting handle {rule}"));
    };
    let text = Some("tcp dport 443 redirect to :15006");
    found_and_repaired(tamper, &[("chain prerouting, rule 2", text, None)]);
}

#[test]
fn an_added_rule() {
    let tamper = |pod: &Netns| nft(pod, "insert rule inet nftdivert output tcp dport 81 accept");
    let text = Some("tcp dport 81 accept");
    found_and_repaired(tamper, &[("chain output, rule 1", None, text)]);
}

#[test]
fn an_added_rule_at_the_end_of_a_chain() {
    let tamper = |pod: &Netns| nft(pod, "add rule inet nftdivert self_call counter drop");
    let text = Some("counter packets 0 bytes 0 drop");
    found_and_repaired(tamper, &[("chain self_call, rule 2", None, text)]);
}

#[test]
fn an_exchanged_rule() {
    let tamper = |pod: &Netns| {
        let rule = handle(pod, "prerouting", "dport 80 ");
        let new = "tcp dport 80 redirect to :15007";
        nft(pod, &format!("replace rule inet nftdivert prerouting handle {rule} {new}"));
    };
    let place = "chain prerouting, rule 1";
    let (old, new) = ("tcp dport 80 redirect to :15006", "tcp dport 80 redirect to :15007");
    found_and_repaired(tamper, &[(place, Some(old), None), (place, None, Some(new))]);
}

#[test]
fn a_changed_element() {
    let tamper = |pod: &Netns| {
        let set = set_name(pod, "outbound_ip4");
        nft(pod, &format!("delete element inet nftdivert {set} {{ 192.0.2.0/24 }}"));
        nft(pod, &format!("add element inet nftdivert {set} {{ 192.0.3.0/24 }}"));
    };
    let (old, new) = ("elements { 192.0.2.0/24 }", "elements { 192.0.3.0/24 }");
    found_and_repaired(tamper, &[("set outbound_ip4_*", Some(old), Some(new))]);
}

#[test]
fn an_added_element() {
    let tamper = |pod: &Netns| {
        let set = set_name(pod, "outbound_excluded_ports");
        nft(pod, &format!("add element inet nftdivert {set} {{ 80-90, 8080 }}"));
    };
    let text = Some("elements { 80-90, 8080 }");
    found_and_repaired(tamper, &[("set outbound_excluded_ports_*", None, text)]);
}
