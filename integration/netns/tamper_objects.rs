//! Whatever is done to our chains, sets, the table and the effects is found and repaired.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::apply::Outcome;
use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{assert_clean, check, put};
use nftdivert_integration::shell::{ip, nft};

use crate::tamper::{POLICY, found_and_repaired};

#[test]
fn an_added_chain() {
    let tamper = |pod: &Netns| {
        let base = "type nat hook output priority -101; policy accept;";
        nft(pod, &format!("add chain inet nftdivert early {{ {base} }}"));
        nft(pod, "add rule inet nftdivert early accept");
    };
    let text = Some("chain early { type nat hook output priority -101; policy accept; }");
    found_and_repaired(tamper, &[("chain early", None, text)]);
}

#[test]
fn an_added_set() {
    let tamper = |pod: &Netns| nft(pod, "add set inet nftdivert more { type ipv4_addr; }");
    found_and_repaired(tamper, &[("set more", None, Some("set more { type ipv4_addr; }"))]);
}

#[test]
fn a_deleted_chain() {
    let tamper = |pod: &Netns| {
        nft(
            pod,
            "flush chain inet nftdivert prerouting\n\
                                         delete chain inet nftdivert prerouting",
        )
    };
    let text = "chain prerouting { type nat hook prerouting priority dstnat; policy accept; } with \
                tcp dport 80 redirect to :15006; tcp dport 443 redirect to :15006";
    found_and_repaired(tamper, &[("chain prerouting", Some(text), None)]);
}

#[test]
fn a_flushed_chain() {
    let tamper = |pod: &Netns| nft(pod, "flush chain inet nftdivert prerouting");
    let rule = |port| format!("tcp dport {port} redirect to :15006");
    let lines = [
        ("chain prerouting, rule 1", Some(&*rule(80).leak()), None),
        ("chain prerouting, rule 2", Some(&*rule(443).leak()), None),
    ];
    found_and_repaired(tamper, &lines);
}

#[test]
fn a_flushed_table_lacks_every_rule() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let rules = put(&bed.pod, POLICY).unwrap().plan.ruleset.rules().count();
    nft(&bed.pod, "flush table inet nftdivert");
    let found = check(&bed.pod, POLICY).unwrap().differences;
    assert_eq!(found.len(), rules, "{found:#?}");
    assert!(found.iter().all(|d| d.wanted.is_some() && d.found.is_none()), "{found:#?}");
    assert_eq!(put(&bed.pod, POLICY).unwrap().outcome, Outcome::Replaced);
    assert_clean(&bed.pod, POLICY);
}

#[test]
fn a_deleted_table() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    put(&bed.pod, POLICY).unwrap();
    nft(&bed.pod, "delete table inet nftdivert");
    let found = check(&bed.pod, POLICY).unwrap().differences;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].object, "table inet nftdivert");
    assert_eq!(put(&bed.pod, POLICY).unwrap().outcome, Outcome::Created);
    assert_clean(&bed.pod, POLICY);
}

#[test]
fn a_table_that_was_switched_off() {
    let tamper = |pod: &Netns| nft(pod, "add table inet nftdivert { flags dormant; }");
    let texts = (Some("no flags"), Some("flags dormant (switched off)"));
    found_and_repaired(tamper, &[("table inet nftdivert", texts.0, texts.1)]);
}

#[test]
fn a_deleted_record() {
    let tamper = |pod: &Netns| nft(pod, "delete chain inet nftdivert applied");
    let text = Some("the comment that says who applied what, and what to undo");
    found_and_repaired(tamper, &[("chain applied", text, None)]);
}

#[test]
fn a_forged_record() {
    let tamper = |pod: &Netns| {
        let chain = "add chain inet nftdivert applied { comment \"hello\"; }";
        nft(pod, &format!("delete chain inet nftdivert applied\n{chain}"));
    };
    let text = Some("the comment that says who applied what, and what to undo");
    found_and_repaired(tamper, &[("chain applied", text, None)]);
}

#[test]
fn a_lost_passthrough_address() {
    let tamper = |pod: &Netns| drop(ip(pod, "-6 address del ::6/128 dev lo"));
    let text = "address ::6/128 on lo";
    found_and_repaired(tamper, &[(text, Some(text), None)]);
}

#[test]
fn a_chain_that_is_hooked_elsewhere() {
    let tamper = |pod: &Netns| {
        nft(
            pod,
            "flush chain inet nftdivert prerouting\ndelete chain inet nftdivert prerouting\n\
             add chain inet nftdivert prerouting { type nat hook prerouting priority 7; }\n\
             add rule inet nftdivert prerouting tcp dport 80 redirect to :15006\n\
             add rule inet nftdivert prerouting tcp dport 443 redirect to :15006",
        );
    };
    let old = "chain prerouting { type nat hook prerouting priority dstnat; policy accept; }";
    let new = "chain prerouting { type nat hook prerouting priority 7; policy accept; }";
    found_and_repaired(tamper, &[("chain prerouting", Some(old), Some(new))]);
}

#[test]
fn another_policy_is_a_difference() {
    let place = Netns::anonymous().unwrap();
    put(&place, "").unwrap();
    let found = check(&place, "proxy: {ports: {outbound: 4140}}").unwrap().differences;
    let lines: Vec<_> = found.iter().map(|d| (d.wanted.as_deref(), d.found.as_deref())).collect();
    assert!(lines.contains(&(Some("meta l4proto tcp redirect to :4140"), None)), "{lines:?}");
    assert!(lines.contains(&(None, Some("meta l4proto tcp redirect to :15001"))), "{lines:?}");
    assert_eq!(lines.len(), 2);
}
