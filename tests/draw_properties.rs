//! What holds for every drawing, of any policy and of any ruleset that can be read.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use nftdivert::draw::{drawing, svg};
use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::CapturePolicy;
use proptest::prelude::*;

#[path = "support/drawings.rs"]
mod drawings;
#[path = "support/policies.rs"]
mod policies;
#[path = "support/rulesets.rs"]
mod rulesets;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_policy_can_be_drawn(policy in policies::policy()) {
        drawings::check(&plan(&policy, &HostFacts::default()).unwrap().ruleset);
    }

    #[test]
    fn every_ruleset_can_be_drawn(ruleset in rulesets::ruleset()) {
        drawings::check(&ruleset);
    }
}

fn drawn(outbound: &str) -> String {
    let text = format!("apiVersion: nftdivert/v1\noutbound:\n  {outbound}\n");
    let policy = CapturePolicy::from_yaml(&text).unwrap();
    let ruleset = plan(&policy, &HostFacts::default()).unwrap().ruleset;
    drawings::check(&ruleset);
    let text = svg(&drawing(&ruleset));
    assert!(text.len() < 100_000, "{} bytes", text.len());
    text
}

#[test]
fn long_lists_make_no_long_drawing() {
    let service = |n| format!("{{address: 10.{}.{}.1, port: 443}}", n / 256, n % 256);
    let services = (0..10_000).map(service).collect::<Vec<_>>().join(", ");
    assert!(drawn(&format!("services: [{services}]")).contains("... and 9,994 more<"));
    let users = (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let text = drawn(&format!("excludePortsByUid: [{{uids: [{users}], ports: [1, 3, 5, 7, 9]}}]"));
    assert!(text.contains("... and 970 more rules ..."), "{text}");
    assert!(text.contains("... and 988 more sets"), "{text}");
}
