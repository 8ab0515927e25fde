//! A text is a policy that reads back from its canonical form and has a plan, or has faults.
#![allow(clippy::unwrap_used, reason = "a check that does not hold ends here")]

use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::CapturePolicy;
use nftdivert::ruleset::{Change, differences, ruleset_text};

/// Checks a text; what is not UTF-8 is replaced.
pub(crate) fn check(bytes: &[u8]) {
    match CapturePolicy::from_yaml(&String::from_utf8_lossy(bytes)) {
        Ok(policy) => check_policy(&policy),
        Err(error) => assert!(!error.faults.is_empty() && !error.to_string().is_empty()),
    }
}

/// Checks what holds for every policy.
pub(crate) fn check_policy(policy: &CapturePolicy) {
    let text = policy.to_yaml();
    let again = CapturePolicy::from_yaml(&text).unwrap();
    assert_eq!(&again, policy, "{text}");
    assert_eq!(again.to_yaml(), text);
    let facts = HostFacts::default();
    let plan = plan(policy, &facts).unwrap();
    assert!(plan.ruleset.clone().validated().is_ok(), "{text}");
    assert_eq!(Change::between(&plan.ruleset, &plan.ruleset), Change::Nothing, "{text}");
    assert_eq!(differences(&plan.ruleset, &plan.ruleset), vec![], "{text}");
    let printed = ruleset_text(&plan.ruleset);
    assert!(printed.ends_with("}\n"), "{printed}");
    // Brackets outside of names stand for what nft has no words for.
    let named = |line: &str| line.contains('"');
    assert!(!printed.lines().any(|line| line.contains('[') && !named(line)), "{printed}");
}
