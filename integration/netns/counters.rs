//! Counters are there when they are asked for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::demo::User;
use nftdivert_integration::fixture::Fixture;
use nftdivert_integration::shell::nft_list;

use crate::scenery::{pod, world};

fn table(fixture: &Fixture) -> String {
    nft_list(&fixture.bed.pod, "table inet nftdivert")
}

/// How many packets the one rule with all of these words has counted.
#[track_caller]
fn counted(listing: &str, words: [&str; 2]) -> u64 {
    let has_all = |line: &&str| words.iter().all(|word| line.contains(word));
    let rules: Vec<&str> = listing.lines().filter(has_all).collect();
    let [rule] = rules.as_slice() else { panic!("{words:?}: {rules:?}\n{listing}") };
    let packets = rule.split_once("packets ").unwrap().1.split(' ').next().unwrap();
    packets.parse().unwrap()
}

#[test]
fn without_counters_no_rule_has_one() {
    for policy in ["", "counters: off", "counters: off\nipv6: reject"] {
        let fixture = Fixture::new(policy);
        fixture.captured_outbound(User::APP, world()[0]);
        let listing = table(&fixture);
        assert!(listing.contains("redirect to :15001"), "{listing}");
        assert!(!listing.contains("counter"), "{listing}");
    }
}

#[test]
fn with_counters_every_rule_counts_connections() {
    let fixture = Fixture::new("counters: on\noutbound: {excludeRanges: [198.51.100.0/24]}");
    let rules = |line: &&str| {
        ["accept", "redirect", "goto", "jump"].iter().any(|word| line.contains(word))
            && !line.contains("policy")
    };
    let before = table(&fixture);
    assert!(before.lines().filter(rules).count() > 8);
    for line in before.lines().filter(rules) {
        assert!(line.contains("counter packets 0 bytes 0"), "{line}");
    }
    for _ in 0..3 {
        fixture.captured_outbound(User::APP, world()[0]);
    }
    fixture.captured_inbound(pod()[0]);
    fixture.direct(User::APP, "198.51.100.10:80".parse().unwrap(), "world");
    let after = table(&fixture);
    assert_eq!(counted(&after, ["", "redirect to :15001"]), 3);
    assert_eq!(counted(&after, ["ip daddr", "outbound_excluded_ip4"]), 1);
    // The proxy's own three to the world.
    assert_eq!(counted(&after, ["skuid 1337", "accept"]), 3);
    let inbound = after.split_once("chain prerouting").unwrap().1;
    assert_eq!(counted(inbound, ["", "redirect to :15006"]), 1);
}
