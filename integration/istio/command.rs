//! Istio's command in Istio's place: the injector's own words, and what becomes of connections.

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::symlink;
use std::process::Command;

use nftdivert::demo::{AppSource, Bed, BedOptions, ProxyOptions, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::fate::{Case, Stage};
use nftdivert_integration::injected::INJECTED;
use nftdivert_integration::ran::{Ran, built, finish};
use nftdivert_integration::shell::nft_list;

use crate::dry_run::touched;
use crate::mesh::{REDIRECT, install, pod, world};
use crate::seeds::{ours, staged};

/// Runs `words` in `place` with these variables and no others.
#[track_caller]
fn run(place: &Netns, variables: &[(&str, &str)], words: &[&str]) -> Ran {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_clear().envs(variables.iter().copied());
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    place.run(|| finish(&mut command, "")).unwrap()
}

/// Runs `nftdivert istio-iptables` with these words in `place`, as an init container does.
#[track_caller]
fn istio_iptables(place: &Netns, words: &[&str]) -> Ran {
    let binary = built();
    run(place, &[], &[&[binary.to_str().unwrap(), "istio-iptables"], words].concat())
}

#[track_caller]
fn done(ran: Ran) -> Ran {
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    ran
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&INJECTED, more].concat()
}

#[test]
fn the_injectors_words_capture_what_istios_rules_do() {
    let stage = staged();
    let applied = done(istio_iptables(&stage.bed.pod, &INJECTED));
    assert!(applied.out.starts_with("applied: "), "{applied:?}");
    for n in [0, 1] {
        stage.all_right(&ours(n));
    }
    let again = done(istio_iptables(&stage.bed.pod, &INJECTED));
    assert!(again.out.starts_with("unchanged: "), "{again:?}");
}

#[test]
fn without_words_nothing_is_captured() {
    let stage = staged();
    done(istio_iptables(&stage.bed.pod, &[]));
    for n in [0, 1] {
        let (own, world) = (pod(8080)[n], world()[n]);
        stage.all_right(&[
            Case::out("app out", User::APP, world, "direct to world"),
            Case::into_pod("client", own, "direct to app"),
        ]);
    }
}

#[test]
fn tproxy_shows_the_app_its_client() {
    let proxy = ProxyOptions {
        transparent: true,
        app_source: AppSource::Client { mark: 1337 },
        ..ProxyOptions::default()
    };
    let stage = Stage::new(proxy, &[8080, 15020], &[80]);
    let mut words = INJECTED;
    words[7] = "TPROXY";
    done(istio_iptables(&stage.bed.pod, &words));
    for n in [0, 1] {
        let seen = "inbound to app, from the client's address";
        stage.all_right(&[
            Case::into_pod("client", pod(8080)[n], seen),
            Case::into_pod("client, excluded port", pod(15020)[n], "direct to app"),
            Case::out("app out", User::APP, world()[n], "outbound to world"),
        ]);
    }
}

#[test]
fn variables_and_lists_are_obeyed() {
    let stage = staged();
    let (binary, words) = (built(), ["istio-iptables", "-o", "15008"]);
    let binary = [binary.to_str().unwrap()];
    let variables = [
        ("ISTIO_INBOUND_PORTS", "9090"),
        ("ISTIO_SERVICE_CIDR", "192.0.2.0/24"),
        ("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "80"),
    ];
    done(run(&stage.bed.pod, &variables, &[&binary[..], &words].concat()));
    let mut excluded = world()[0];
    excluded.set_port(15008);
    stage.all_right(&[
        Case::into_pod("client", pod(9090)[0], "inbound to app"),
        Case::into_pod("client", pod(9090)[1], "inbound to app"),
        Case::into_pod("client, other port", pod(8080)[0], "direct to app"),
        Case::out("app out", User::APP, world()[0], "outbound to world"),
        Case::out("app out, excluded port", User::APP, excluded, "direct to world"),
        Case::out("app out, range of nobody", User::APP, world()[1], "direct to world"),
    ]);
}

#[test]
fn ipv6_passes_by_only_where_that_was_said() {
    let stage = staged();
    let binary = built();
    let words = with(&[]);
    let words = [&[binary.to_str().unwrap(), "istio-iptables"], &words[..]].concat();
    let ran = run(&stage.bed.pod, &[("ENABLE_INBOUND_IPV6", "false")], &words);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("IPv6 is not captured"), "{ran:?}");
    stage.all_right(&[
        Case::out("app out", User::APP, world()[0], "outbound to world"),
        Case::out("app out", User::APP, world()[1], "direct to world"),
        Case::into_pod("client", pod(8080)[0], "inbound to app"),
        Case::into_pod("client", pod(8080)[1], "direct to app"),
    ]);
    // Istio takes this for IPv4 alone where the first address is an IPv4 one.
    done(istio_iptables(&stage.bed.pod, &with(&["--dual-stack=false"])));
    stage.all_right(&ours(1));
}

/// The names are those of this machine: the test runs in its file system.
#[test]
fn users_and_groups_go_by_their_names() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let shown = done(istio_iptables(&bed.pod, &["-i", "*", "-u", "nobody", "-g", "daemon", "-n"]));
    assert!(
        shown.out.contains("meta skuid 65534") && shown.out.contains("meta skgid 1 "),
        "{shown:?}"
    );
}

#[test]
fn a_dry_run_touches_nothing() {
    let all = ["-m", "TPROXY", "-b", "*", "-i", "*", "--redirect-dns", "--capture-all-dns"];
    for dry in ["-n", "--dry-run=true"] {
        let show = |pod: &Netns| {
            let shown = done(istio_iptables(pod, &[&all[..], &[dry]].concat()));
            assert!(shown.out.contains("tproxy to :15006"), "{shown:?}");
        };
        assert_eq!(touched(show), Vec::<&str>::new());
    }
    let show = |pod: &Netns| {
        let shown = done(istio_iptables(pod, &["--cleanup-only", "-n"]));
        assert!(shown.out.contains("would be removed"), "{shown:?}");
    };
    assert_eq!(touched(show), Vec::<&str>::new());
    // The check sees each of them.
    let apply = |pod: &Netns| drop(done(istio_iptables(pod, &all)));
    assert_eq!(touched(apply), ["generation", "rules", "routing"]);
}

#[test]
fn a_clean_up_leaves_nothing() {
    let there_and_back = |pod: &Netns| {
        done(istio_iptables(pod, &["-m", "TPROXY", "-b", "*", "-i", "*"]));
        let removed = done(istio_iptables(pod, &["--cleanup-only"]));
        assert!(removed.out.starts_with("removed from this namespace"), "{removed:?}");
        let again = done(istio_iptables(pod, &["--cleanup-only"]));
        assert!(again.out.starts_with("nothing was applied"), "{again:?}");
    };
    assert_eq!(touched(there_and_back), ["generation"]);
}

#[test]
fn bad_words_are_told_all_at_once_and_touch_nothing() {
    let binary = built();
    let words = "istio-iptables -p 70000 -m tproxy -b 80,,99999 -i 10.1.2.3/8 -u no-such-user \
                 --frob=1 --output json";
    let words: Vec<&str> = [binary.to_str().unwrap()].into_iter().chain(words.split(' ')).collect();
    let refuse = |pod: &Netns| {
        let ran = run(pod, &[("INVALID_DROP", "perhaps"), ("DUAL_STACK", "true")], &words);
        assert_eq!(ran.code, 2, "{ran:?}");
        let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let faults = told["faults"].as_array().unwrap();
        let fields: Vec<&str> = faults.iter().filter_map(|f| f["field"].as_str()).collect();
        assert_eq!(fields, ["--frob", "-p", "-m", "-b", "-b", "-i", "INVALID_DROP", "-u"]);
        assert!(ran.err.contains("has 8 faults"), "{ran:?}");
    };
    assert_eq!(touched(refuse), Vec::<&str>::new());
}

#[test]
fn it_goes_by_its_names() {
    let links = tempfile::tempdir().unwrap();
    let binary = built().canonicalize().unwrap();
    let calls: [(&str, &[&str]); 2] =
        [("istio-iptables", &[]), ("pilot-agent", &["istio-iptables"])];
    for (name, first) in calls {
        let link = links.path().join(name);
        symlink(&binary, &link).unwrap();
        let bed = Bed::new(BedOptions::default()).unwrap();
        let words = [&[link.to_str().unwrap()], first, &INJECTED].concat();
        done(run(&bed.pod, &[], &words));
        assert!(nft_list(&bed.pod, "ruleset").contains("redirect to :15006"), "{name}");
    }
}

#[test]
fn another_namespace_is_entered_by_its_path() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let fd = bed.pod.as_fd().as_raw_fd();
    let path = format!("/proc/{}/fd/{fd}", std::process::id());
    let applied =
        done(istio_iptables(&bed.peer, &with(&["--network-namespace", &path, "--cni-mode"])));
    assert!(applied.out.contains(&format!("in namespace {path}")), "{applied:?}");
    assert!(nft_list(&bed.pod, "ruleset").contains("redirect to :15006"));
    assert_eq!(nft_list(&bed.peer, "ruleset"), "");
    let tried = istio_iptables(
        &bed.peer,
        &with(&["--network-namespace", &path, "--skip-rule-apply", "--run-validation"]),
    );
    assert_eq!(tried.code, 0, "{tried:?}");
}

#[test]
fn istios_own_rules_are_refused_unless_they_shall_be_reconciled() {
    let stage = staged();
    install(&stage.bed.pod, REDIRECT);
    let refused = istio_iptables(&stage.bed.pod, &INJECTED);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(!nft_list(&stage.bed.pod, "tables").contains("nftdivert"), "{refused:?}");
    let taken = istio_iptables(&stage.bed.pod, &with(&["--reconcile"]));
    assert_eq!(taken.code, 0, "{taken:?}");
    for n in [0, 1] {
        stage.all_right(&ours(n));
    }
}

#[test]
fn a_validation_fails_with_126_where_capture_does_not_work() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let skip = with(&["--run-validation", "--skip-rule-apply", "--probe-timeout", "2s"]);
    let absent = istio_iptables(&bed.pod, &skip);
    assert_eq!(absent.code, 126, "{absent:?}");
    assert_eq!(nft_list(&bed.pod, "ruleset"), "");

    let applied = istio_iptables(&bed.pod, &with(&["--run-validation", "--output", "json"]));
    assert_eq!(applied.code, 0, "{applied:?}");
    let told: serde_json::Value = serde_json::from_str(&applied.out).unwrap();
    assert_eq!((&told["outcome"], &told["validation"]["holds"]), (&"created".into(), &true.into()));
    assert_eq!(istio_iptables(&bed.pod, &skip).code, 0);

    // As Istio's container istio-validation runs: the proxy's user, and no capability.
    let binary = built();
    let setpriv = "setpriv --reuid 1337 --regid 1337 --clear-groups --inh-caps=-all";
    let words: Vec<&str> = setpriv.split(' ').collect();
    let called = [&words[..], &[binary.to_str().unwrap(), "istio-iptables"], &skip].concat();
    let ran = run(&bed.pod, &[], &called);
    assert_eq!(ran.code, 0, "{ran:?}");
    done(istio_iptables(&bed.pod, &["--cleanup-only"]));
    assert_eq!(run(&bed.pod, &[], &called).code, 126);
}
