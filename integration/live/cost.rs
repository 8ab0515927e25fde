//! What an apply does to the machine: no program is started, no grace period is waited for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs::read_to_string;
use std::process::Command;

use crate::support::{Pod, policy_file, run, step, text};

/// The calls of one run, with the seconds that each took at the end of its line.
fn calls(pod: &Pod, words: &[&str]) -> Vec<String> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("strace");
    command.args(["--follow-forks", "--syscall-times", "--output"]).arg(log.path());
    let output = run(&pod.bed.pod, command.arg(step()).args(words), "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    read_to_string(log.path()).unwrap().lines().map(str::to_owned).collect()
}

fn milliseconds(line: &str) -> f64 {
    let seconds = line.rsplit('<').next().and_then(|end| end.strip_suffix('>'));
    seconds.and_then(|seconds| seconds.parse::<f64>().ok()).unwrap_or_default() * 1000.0
}

/// The longest of these calls, in milliseconds.
fn longest(calls: &[String], name: &str) -> f64 {
    let is_named = |line: &&String| line.contains(&format!("{name}("));
    calls.iter().filter(is_named).map(|line| milliseconds(line)).fold(0.0, f64::max)
}

#[test]
fn a_first_apply_waits_for_no_grace_period() {
    let file = policy_file("outbound: {excludeRanges: [10.0.0.0/8, 172.16.0.0/12]}");
    let words = ["apply", file.path().to_str().unwrap()];
    let times: Vec<f64> = (0..5)
        .map(|_| {
            let calls = calls(&Pod::new(), &words);
            let executed = calls.iter().filter(|line| line.contains("execve(")).count();
            assert_eq!(executed, 1, "only the program itself");
            println!(
                "longest close {:.3} ms, sendto {:.3} ms",
                longest(&calls, "close"),
                longest(&calls, "sendto")
            );
            longest(&calls, "close")
        })
        .collect();
    // The machine may be busy once; a grace period would be in every run.
    let least = times.iter().copied().fold(f64::MAX, f64::min);
    assert!(least < 10.0, "closing took {times:?} ms");
}

#[test]
fn an_apply_that_changes_nothing_writes_nothing() {
    let pod = Pod::new();
    let file = policy_file("");
    let words = ["apply", file.path().to_str().unwrap()];
    calls(&pod, &words);
    let before = crate::support::state(&pod.bed.pod);
    let generation = || {
        let calls = calls(&pod, &words);
        calls.iter().filter(|line| line.contains("NFNL_MSG_BATCH_BEGIN")).count()
    };
    assert_eq!(generation(), 0);
    assert_eq!(crate::support::state(&pod.bed.pod), before);
}
