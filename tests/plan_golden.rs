//! The rules of every kind of policy, as nft text: tests/plan/NAME.yaml gives tests/plan/NAME.nft.
//!
//! `NFTDIVERT_BLESS=1 cargo test --test plan_golden` writes them anew, for reading in the diff.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::plan::{
    CgroupMatch, Effect, HostFacts, Ipv6Support, KeepMarks, Plan, PlanError, UntrackedTcp, overlap,
    plan,
};
use nftdivert::policy::CapturePolicy;
use nftdivert::ruleset::{Rule, ruleset_text};
use nftdivert::words::{IdMap, IdMaps};

fn read(path: &Path) -> CapturePolicy {
    CapturePolicy::from_yaml(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A pod with a name server of each family, and a cgroup.
fn planned(policy: &CapturePolicy) -> Plan {
    let facts = HostFacts {
        name_servers: vec!["10.96.0.10".parse().unwrap(), "fd00::a".parse().unwrap()],
        cgroup: Some(CgroupMatch { id: 4711, level: 3 }),
        ..HostFacts::default()
    };
    plan(policy, &facts).unwrap()
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
    let fresh = HostFacts::default;
    let effects = |policy: &CapturePolicy, facts: HostFacts| plan(policy, &facts).unwrap().effects;
    assert_eq!(effects(&policy(""), fresh()), [passthrough]);
    assert_eq!(effects(&policy("ipv6: bypass"), fresh()), []);
    assert_eq!(effects(&policy("ipv6: reject"), fresh()), []);
    let live = HostFacts { untracked_tcp: UntrackedTcp::Some, ..fresh() };
    assert_eq!(effects(&policy("ipv6: bypass"), live), [Effect::TcpLooseOff]);
    let without = HostFacts { ipv6: Ipv6Support::Unavailable, ..fresh() };
    let plan = plan(&policy(""), &without).unwrap();
    assert_eq!((plan.effects.len(), plan.notes.len()), (0, 1), "{:?}", plan.notes);
}

#[test]
fn each_mode_has_its_effects() {
    let effects = |mode: &str, ipv6: &str| {
        let text = format!("apiVersion: nftdivert/v1\ninbound: {{mode: {mode}}}\nipv6: {ipv6}");
        let policy = CapturePolicy::from_yaml(&text).unwrap();
        plan(&policy, &HostFacts::default()).unwrap().effects
    };
    let kinds = |effects: &[Effect]| {
        let is_route = |effect: &&Effect| matches!(effect, Effect::MarkRoute(_));
        let is_sysctl = |effect: &&Effect| matches!(effect, Effect::KeepMarks(_));
        (effects.iter().filter(is_route).count(), effects.iter().filter(is_sysctl).count())
    };
    assert_eq!(kinds(&effects("redirect", "capture")), (0, 0));
    assert_eq!(kinds(&effects("tproxy", "capture")), (2, 0));
    assert_eq!(kinds(&effects("tproxy", "bypass")), (1, 0));
    assert_eq!(kinds(&effects("tproxyFast", "capture")), (2, 3));
    let without_six = effects("tproxyFast", "bypass");
    assert_eq!(kinds(&without_six), (1, 2));
    assert!(!without_six.contains(&Effect::KeepMarks(KeepMarks::ReflectedV6)));
}

#[test]
fn both_ways_capture_between_redirect_and_tproxy() {
    let policy = |mode: &str, ports: &str| {
        let text = format!("apiVersion: nftdivert/v1\ninbound: {{mode: {mode}, ports: {ports}}}");
        CapturePolicy::from_yaml(&text).unwrap()
    };
    let between = |from: &CapturePolicy, to: &CapturePolicy| {
        overlap(to, &HostFacts::default(), &planned(from).ruleset).unwrap()
    };
    let many = "[1, 3, 5, 7, 9]";
    for (from, to) in [("redirect", "tproxy"), ("redirect", "tproxyFast"), ("tproxy", "redirect")] {
        let both = between(&policy(from, "all"), &policy(to, many)).unwrap();
        let holds = |chain: &str, does: fn(&Rule) -> bool| {
            both.chain(chain).unwrap().rules.iter().any(does)
        };
        assert!(holds("prerouting", Rule::redirects), "{from} -> {to}");
        assert!(holds("tproxy_prerouting", Rule::steers), "{from} -> {to}");
    }
    assert_eq!(between(&policy("tproxy", "all"), &policy("tproxyFast", "all")), None);
    assert_eq!(between(&policy("redirect", "all"), &policy("redirect", many)), None);
    // Where nothing was captured on the way in there is nothing to slip from.
    assert_eq!(between(&policy("redirect", "[]"), &policy("tproxy", "all")), None);
}

#[test]
fn what_is_not_there_is_named() {
    let error = |text: &str, facts: &HostFacts| {
        let policy =
            CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap();
        plan(&policy, facts).unwrap_err()
    };
    let fresh = HostFacts::default();
    assert!(matches!(error("proxy: {cgroup: /a/b}", &fresh), PlanError::CgroupUnknown(_)));
    assert!(matches!(error("dns: {capture: listed}", &fresh), PlanError::NoNameServers("")));
    let six = HostFacts { name_servers: vec!["fd00::a".parse().unwrap()], ..fresh.clone() };
    let said = error("dns: {capture: listed}\nipv6: bypass", &six).to_string();
    assert!(said.contains("names no server of a family that is captured"), "{said}");
    let map = "0 100000 1000\n".parse::<IdMap>().unwrap();
    let ids = IdMaps { uids: map.clone(), gids: map };
    let said = error("", &HostFacts { ids, ..fresh }).to_string();
    assert!(said.starts_with("proxy.uids: 1337 is no id of the pod's user namespace"), "{said}");
}

#[test]
fn ids_are_written_as_the_owner_of_the_namespace_counts_them() {
    let map = "0 100000 65536\n".parse::<IdMap>().unwrap();
    let ids = IdMaps { uids: map.clone(), gids: map };
    let text = "apiVersion: nftdivert/v1\noutbound:\n  ownerGroups: {include: [7], exclude: [8]}\n  \
                excludePortsByUid: [{uids: [9], ports: [53]}]\n";
    let policy = CapturePolicy::from_yaml(text).unwrap();
    let plan = plan(&policy, &HostFacts { ids, ..HostFacts::default() }).unwrap();
    let rules = ruleset_text(&plan.ruleset);
    for wanted in
        ["skuid 101337", "skgid 101337", "skgid != 100007", "skgid 100008", "skuid 100009"]
    {
        assert!(rules.contains(wanted), "{wanted}: {rules}");
    }
}

#[test]
fn the_readme_shows_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let mut blocks = readme.split("```yaml\n").skip(1);
    let block = blocks.find(|block| block.starts_with("apiVersion")).unwrap();
    let block = block.split("```").next().unwrap();
    assert_eq!(CapturePolicy::from_yaml(block).unwrap(), CapturePolicy::default());
}
