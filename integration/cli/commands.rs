//! Each command does what it says, and exits with what it means.

use crate::harness::{Place, nftdivert, program, with_input};

#[test]
fn a_namespace_is_captured_verified_changed_and_freed() {
    let place = Place::new();
    let applied = place.run(&["apply"]);
    assert_eq!((applied.code, applied.err.as_str()), (0, ""), "{applied:?}");
    assert!(applied.out.starts_with("applied: 15 rules"), "{applied:?}");
    assert!(place.run(&["apply"]).out.starts_with("unchanged"));
    assert_eq!(place.run(&["verify"]).code, 0);
    let other = place.run(&["verify", "--ipv6", "bypass"]);
    assert_eq!(other.code, 3, "{other:?}");
    assert!(other.out.contains("- wanted: meta nfproto ipv6 accept"), "{other:?}");
    assert!(other.err.contains("was applied"), "{other:?}");
    assert!(place.run(&["apply", "--ipv6", "bypass"]).out.starts_with("replaced"));
    let status = place.run(&["status"]);
    assert!(status.out.contains("policy from           flags"), "{status:?}");
    assert_eq!(place.run(&["remove"]).code, 0);
    assert_eq!(place.rules(), "");
    assert!(place.run(&["remove"]).out.starts_with("nothing was applied"));
    assert!(place.run(&["status"]).out.contains("not applied"));
    assert_eq!(place.run(&["verify"]).code, 3);
}

#[test]
fn every_command_speaks_json() {
    let place = Place::new();
    let json = |words: &[&str]| place.run(&[words, &["--output", "json"]].concat()).json();
    assert_eq!(json(&["apply"])["outcome"], "created");
    assert_eq!(json(&["apply"])["outcome"], "unchanged");
    assert_eq!(json(&["verify"])["verified"], true);
    let differs = json(&["verify", "--counters", "on"]);
    assert_eq!(differs["verified"], false);
    assert!(differs["differences"].as_array().unwrap().len() > 10);
    assert_eq!(json(&["status"])["state"], "applied");
    assert_eq!(json(&["remove"])["removed"], true);
    let plan = nftdivert(&["plan", "--output", "json"]).json();
    assert_eq!(plan["expressions"], 59);
    let wrong = nftdivert(&["plan", "--output", "json", "--outbound-port", "0"]);
    assert_eq!(wrong.code, 2);
    assert_eq!(wrong.json()["faults"][0]["field"], "--outbound-port");
}

#[test]
fn a_policy_comes_from_a_file_or_standard_input_and_flags_override_it() {
    let text = "apiVersion: nftdivert/v1\nproxy: {uids: [2102]}\nipv6: bypass\n";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().to_str().unwrap();
    let from_file = nftdivert(&["plan", "--policy", path]);
    let from_input = with_input(&["plan", "--policy", "-"], text);
    assert_eq!(from_file.code, 0, "{from_file:?}");
    let rules = |out: &str| out.split_once('\n').unwrap().1.to_owned();
    assert_eq!(rules(&from_file.out), rules(&from_input.out));
    assert!(from_file.out.contains("meta skgid 2102"));
    let overridden = nftdivert(&["plan", "--policy", path, "--proxy-uid", "5"]);
    assert!(overridden.out.contains("meta skuid 5") && !overridden.out.contains("2102"));
}

#[test]
fn what_plan_prints_nft_takes() {
    let place = Place::new();
    let policy = ["--counters", "on", "--outbound-ranges", "10.0.0.0/8", "--ipv6", "reject"];
    let plan = nftdivert(&[&["plan"], policy.as_slice()].concat());
    let loaded = place.netns.run(|| program("nft", &["-c", "-f", "-"], &plan.out)).unwrap();
    assert_eq!(loaded.code, 0, "{loaded:?}");
}

#[test]
fn completions_are_scripts() {
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef"), ("fish", "complete -c")] {
        let script = nftdivert(&["completions", shell]);
        assert!(script.out.contains(word) && script.out.contains("inbound-ports"), "{shell}");
    }
}
