//! The rules of every kind of policy, as nft text: tests/plan/NAME.yaml gives tests/plan/NAME.nft.
//!
//! `NFTDIVERT_BLESS=1 cargo test --test plan_golden` writes them anew, for reading in the diff.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::plan::{Effect, HostFacts, Ipv6Support, Plan, UntrackedTcp, plan};
use nftdivert::policy::CapturePolicy;
use nftdivert::ruleset::ruleset_text;

fn read(path: &Path) -> CapturePolicy {
    CapturePolicy::from_yaml(&fs::read_to_string(path).unwrap()).unwrap()
}

fn planned(policy: &CapturePolicy) -> Plan {
    plan(policy, &HostFacts::default()).unwrap()
}

fn policies() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|kind| kind == "yaml")).collect()
}

#[test]
fn every_policy_gives_its_rules() {
    let all = policies();
    assert!(all.len() >= 19, "only {} policies", all.len());
    for path in all {
        let plan = planned(&read(&path));
        let text = format!(
            "# {} rules, {} expressions\n{}",
            plan.ruleset.rules().count(),
            plan.ruleset.expression_count(),
            ruleset_text(&plan.ruleset)
        );
        let golden = path.with_extension("nft");
        if std::env::var_os("NFTDIVERT_BLESS").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        let wanted = fs::read_to_string(&golden)
            .unwrap_or_else(|error| panic!("{}: {error}", golden.display()));
        assert_eq!(text, wanted, "{}", golden.display());
    }
}

#[test]
fn the_default_is_small() {
    let plan = planned(&CapturePolicy::default());
    assert!(plan.ruleset.expression_count() <= 60, "{}", plan.ruleset.expression_count());
    assert!(plan.ruleset.sets.is_empty());
}

#[test]
fn effects_follow_the_policy_and_the_namespace() {
    let policy = |text: &str| {
        CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap()
    };
    let passthrough = Effect::LoopbackAddress("::6".parse().unwrap());
    let fresh = HostFacts::default();
    let effects = |policy: &CapturePolicy, facts| plan(policy, &facts).unwrap().effects;
    assert_eq!(effects(&policy(""), fresh), [passthrough]);
    assert_eq!(effects(&policy("ipv6: bypass"), fresh), []);
    assert_eq!(effects(&policy("ipv6: reject"), fresh), []);
    let live = HostFacts { untracked_tcp: UntrackedTcp::Some, ..fresh };
    assert_eq!(effects(&policy("ipv6: bypass"), live), [Effect::TcpLooseOff]);
    let without = HostFacts { ipv6: Ipv6Support::Unavailable, ..fresh };
    let plan = plan(&policy(""), &without).unwrap();
    assert_eq!((plan.effects.len(), plan.notes.len()), (0, 1), "{:?}", plan.notes);
}

#[test]
fn the_readme_shows_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let block = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(CapturePolicy::from_yaml(block).unwrap(), CapturePolicy::default());
}
