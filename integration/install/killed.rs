//! Killed before every system call that may change the node's folders.

use std::process::Command;

use crate::bed::{Bed, LIST, SINGLE};

/// The calls by which files come, change and go.
const CALLS: [&str; 9] =
    ["openat", "write", "fchmod", "fsync", "renameat", "renameat2", "unlinkat", "mkdirat", "flock"];

/// Runs the command and kills it before its `nth` call of this name; whether it was hit.
fn kill(bed: &Bed, words: &[&str], call: &str, nth: usize) -> bool {
    let output = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .arg(format!("--inject={call}:error=EIO:signal=KILL:when={nth}"))
        .args(bed.words(words))
        .output()
        .expect("strace (package strace)");
    match output.status.code() {
        Some(0) => false,
        // strace ends by the signal that ended its program.
        None => true,
        Some(code) => panic!("{call} {nth}: {code}: {output:?}"),
    }
}

/// Each kill on a node that `prepare` made; `next` finishes, and then it is as `wanted` says.
fn kills(prepare: impl Fn() -> Bed, words: &[&str], min: usize) {
    let installed = prepare();
    installed.run(&["install"]);
    let clean = prepare();
    clean.run(&["uninstall"]);
    let mut hits = 0;
    for call in CALLS {
        for nth in 1.. {
            let bed = prepare();
            if !kill(&bed, words, call, nth) {
                break;
            }
            hits += 1;
            let at = format!("{words:?} killed before {call} {nth}");
            let called = bed.try_called().unwrap_or_else(|error| panic!("{at}: {error}"));
            assert_eq!(called[0], "calico", "{at}");
            let next = if nth % 2 == 0 { "install" } else { "uninstall" };
            let ran = bed.run(&[next]);
            assert_eq!(ran.code, 0, "{at}: {ran:?}");
            let wanted = if next == "install" { &installed } else { &clean };
            assert_eq!(bed.tree(), wanted.tree(), "{at}, then {next}");
            let bins = |bed: &Bed| std::fs::read_dir(bed.bin("")).unwrap().count();
            assert_eq!(bins(&bed), bins(wanted), "{at}, then {next}");
        }
    }
    assert!(hits >= min, "only {hits} kills");
}

#[test]
fn install_of_a_list() {
    kills(|| Bed::new("10-calico.conflist", LIST), &["install"], 30);
}

#[test]
fn install_of_one_plugin() {
    kills(|| Bed::new("10-net.conf", SINGLE), &["install"], 30);
}

fn installed(name: &str, text: &str) -> Bed {
    let bed = Bed::new(name, text);
    bed.run(&["install"]).said();
    bed
}

#[test]
fn uninstall_of_a_list() {
    kills(|| installed("10-calico.conflist", LIST), &["uninstall"], 20);
}

#[test]
fn uninstall_of_one_plugin() {
    kills(|| installed("10-net.conf", SINGLE), &["uninstall"], 20);
}

#[test]
fn an_upgrade() {
    let old = || {
        let bed = installed("10-calico.conflist", LIST);
        std::fs::write(bed.bin("nftdivert"), "#!/bin/sh\n").unwrap();
        bed
    };
    kills(old, &["install"], 20);
}
