//! What goes wrong is said with its cause and with what helps, and nothing was touched.

use crate::harness::{Place, nftdivert, program};

#[test]
fn every_fault_of_a_policy_is_told_at_once() {
    let place = Place::new();
    let wrong =
        place.run(&["apply", "--inbound-ports", "70000,80-7", "--outbound-ranges", "10.1.2.3/8"]);
    assert_eq!(wrong.code, 2);
    for words in ["3 faults", "70000", "80-7", "write 10.0.0.0/8"] {
        assert!(wrong.err.contains(words), "{words}: {wrong:?}");
    }
    assert_eq!(place.rules(), "");
}

#[test]
fn what_is_no_setting_is_an_unknown_key() {
    let text = "apiVersion: nftdivert/v1\nguard: {preset: strict}\n";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let wrong = nftdivert(&["plan", "--policy", file.path().to_str().unwrap()]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("guard (line 2)") && wrong.err.contains("not a key"), "{wrong:?}");
    assert_eq!(nftdivert(&["plan", "--policy", "/nowhere.yaml"]).code, 2);
    assert_eq!(nftdivert(&["plan", "--guard", "strict"]).code, 2);
}

#[test]
fn contradictions_name_both_sides_and_touch_nothing() {
    let place = Place::new();
    for (words, both) in [
        (
            ["--inbound-mode", "tproxyFast", "--drop-invalid", "true"],
            ["--drop-invalid", "--inbound-mode"],
        ),
        (
            ["--inbound-mode", "tproxy", "--proxy-mark", "1337"],
            ["--proxy-mark", "inbound.tproxy.mark"],
        ),
        (["--dns-capture", "all", "--dns-servers", "1.1.1.1"], ["--dns-servers", "--dns-capture"]),
    ] {
        let wrong = place.run(&[&["apply"], words.as_slice()].concat());
        assert_eq!(wrong.code, 2, "{wrong:?}");
        assert!(both.iter().all(|side| wrong.err.contains(side)), "{wrong:?}");
    }
    assert_eq!(place.rules(), "");
}

#[test]
fn what_the_policy_names_and_is_not_there_is_told() {
    let place = Place::new();
    let refused = place.run(&["apply", "--proxy-cgroup", "/nftdivert-not-there"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("would never match"), "{refused:?}");
    let refused = place.run(&["apply", "--dns-capture", "listed"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("--root DIR"), "{refused:?}");
    assert_eq!(place.rules(), "");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/pod");
    let applied = place.run(&["apply", "--dns-capture", "listed", "--root", root]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(place.rules().contains("ip daddr 198.51.100.53"), "{}", place.rules());
}

#[test]
fn another_mesh_is_refused_by_name_and_taken_over_if_asked() {
    let place = Place::new();
    let istio = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/istio/istio-init.legacy.v4.rules");
    assert_eq!(place.sh(&format!("iptables-nft-restore < {istio}")).code, 0);
    let before = place.rules();
    let refused = place.run(&["apply"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    for words in ["Istio", "iptables-nft, table ip nat", "ISTIO_OUTPUT", "--take-over"] {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
    assert_eq!(place.rules(), before);
    let taken = place.run(&["apply", "--take-over"]);
    assert_eq!(taken.code, 0, "{taken:?}");
    assert!(taken.err.contains("took over from Istio"), "{taken:?}");
    assert!(!place.rules().contains("ISTIO"), "{}", place.rules());
    assert!(place.run(&["apply"]).out.starts_with("unchanged"));
}

#[test]
fn the_machines_own_namespace_is_refused_unless_it_is_meant() {
    for command in ["apply", "verify", "status", "remove"] {
        let refused = nftdivert(&[command]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("--host"), "{refused:?}");
    }
    let place = Place::new();
    let wrong = place.netns.run(|| nftdivert(&["apply", "--host"])).unwrap();
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.err.contains("not the machine's own"), "{wrong:?}");
    assert_eq!(place.rules(), "");
}

#[test]
fn a_namespace_that_is_none_is_named() {
    for (words, says) in [
        (["--netns", "surely-not-there"], "no such file in /run/netns"),
        (["--netns", "/etc/hostname"], "not a network namespace"),
        (["--netns", "/proc/self/ns/mnt"], "not a network namespace"),
        (["--pid", "4194305"], "process 4194305"),
    ] {
        let refused = nftdivert(&["status", words[0], words[1]]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains(says), "{refused:?}");
    }
}

#[test]
fn a_table_that_is_not_ours_or_newer_is_left_alone() {
    let place = Place::new();
    place.sh("nft add table inet nftdivert");
    let before = place.rules();
    for command in ["apply", "verify", "status", "remove"] {
        let refused = place.run(&[command]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("did not write"), "{refused:?}");
    }
    assert_eq!(place.rules(), before);
    place.sh("nft delete table inet nftdivert");
    place.run(&["apply"]);
    let newer = place.rules().replace("nftdivert 0.", "nftdivert 99.");
    place.netns.run(|| program("nft", &["-f", "-"], &format!("flush ruleset\n{newer}"))).unwrap();
    let before = place.rules();
    assert!(before.contains("nftdivert 99."), "{before}");
    for command in ["apply", "verify", "status", "remove"] {
        let refused = place.run(&[command]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("or newer"), "{refused:?}");
    }
    assert_eq!(place.rules(), before);
}

#[test]
fn wrong_usage_is_two() {
    // As every CNI plugin does that is started by hand.
    let by_hand = nftdivert(&[]);
    assert_eq!((by_hand.code, by_hand.out.as_str()), (0, ""), "{by_hand:?}");
    assert!(by_hand.err.contains("--help"), "{by_hand:?}");
    assert_eq!(nftdivert(&["capture"]).code, 2);
    assert_eq!(nftdivert(&["remove", "--drain-timeout", "5s"]).code, 2);
    assert_eq!(nftdivert(&["remove", "--drain", "--drain-timeout", "soon"]).code, 2);
    assert_eq!(nftdivert(&["apply", "--netns", "a", "--pid", "1"]).code, 2);
    assert_eq!(nftdivert(&["--help"]).code, 0);
    assert_eq!(nftdivert(&["--version"]).code, 0);
}
