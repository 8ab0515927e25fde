//! Steps that fail for a real reason leave the state before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fmt::Write;
use std::fs::read_to_string;
use std::process::Command;

use nftdivert::apply::{ApplyError, Captured, Outcome, status};
use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::set_name;

use crate::support::{Pod, policy, policy_file, run, said, state, step, text};

/// Enough ranges that their transaction is larger than a send buffer may be without being forced:
/// each takes more than 60 bytes, and the kernel doubles what is asked for.
fn too_many_ranges() -> String {
    let most: u32 = read_to_string("/proc/sys/net/core/wmem_max").unwrap().trim().parse().unwrap();
    let mut list = String::from("outbound:\n  excludeRanges:\n");
    for number in 0..most / 20 {
        writeln!(list, "  - fd00::{:x}:{:x}", number >> 15, number << 1 & 0xffff).unwrap();
    }
    list
}

/// In a user namespace of its own the send buffer can't be forced to grow: the small transaction
/// with the journal is taken, the large one with the rules is not.
#[test]
fn the_rules_are_refused_although_the_journal_was_taken() {
    let file = policy_file(&too_many_ranges());
    let look = "nft list ruleset; ip -6 -brief address show dev lo; \
                cat /proc/sys/net/netfilter/nf_conntrack_tcp_loose";
    let script = format!(
        "ip link set lo up; {look}; echo ---; \"$0\" apply \"$1\" 2>&1; echo $?; echo ---; {look}"
    );
    let outside = Netns::anonymous().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "sh", "-c", &script, step()]);
    // Both are world-readable: the user namespace keeps root's own rights on files.
    let output = text(&run(&outside, command.arg(file.path()), "").stdout);
    let parts: Vec<&str> = output.split("---\n").collect();
    let [before, words, after] = parts[..] else { panic!("{output}") };
    assert_eq!(after, before);
    assert!(words.ends_with("1\n") && words.contains("EMSGSIZE"), "{words}");
    assert!(words.contains("net.core.wmem_max"), "{words}");
}

#[test]
fn a_table_that_is_not_ours_is_left_alone() {
    let pod = Pod::new();
    said(&pod.bed.pod, "nft add table inet nftdivert", "");
    let before = state(&pod.bed.pod);
    for error in [
        pod.apply(&policy("")).unwrap_err(),
        pod.remove(Captured::Cut).unwrap_err(),
        status(&pod.target()).unwrap_err(),
    ] {
        assert!(matches!(error, ApplyError::NotOurs), "{error}");
    }
    assert_eq!(state(&pod.bed.pod), before);
}

#[test]
fn without_the_right_to_it_nothing_is_changed_and_the_right_is_named() {
    let pod = Pod::new();
    let file = policy_file("");
    let before = state(&pod.bed.pod);
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-net_admin", step(), "apply"]).arg(file.path());
    let output = run(&pod.bed.pod, &mut command, "");
    let words = text(&output.stderr);
    assert!(!output.status.success() && words.contains("NET_ADMIN"), "{words}");
    assert_eq!(state(&pod.bed.pod), before);
}

/// A rule of somebody else in our table keeps a set of ours in use.
#[test]
fn what_others_wrote_into_our_table_does_not_stand_in_the_way() {
    let pod = Pod::new();
    let excluded = "outbound: {excludeRanges: [198.51.100.0/24, 203.0.113.0/24]}";
    pod.apply(&policy(excluded)).unwrap();
    let mut talks = pod.talks();
    let set = set_name(&pod.bed.pod, "outbound_excluded_ip4");
    let foreign = format!(
        "nft add chain inet nftdivert foreign; \
         nft add rule inet nftdivert foreign ip daddr @{set} accept"
    );
    said(&pod.bed.pod, "sh -s", &foreign);
    assert_eq!(pod.apply(&policy("ipv6: bypass")).unwrap().outcome, Outcome::Replaced);
    assert!(!state(&pod.bed.pod).contains("foreign"));
    crate::support::echo_all(&mut talks);
}
