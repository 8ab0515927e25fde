//! Errors injected into every single system call of an apply or a removal, one after the other.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs::read_to_string;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use nftdivert::apply::Captured;
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;

use crate::support::{Pod, policy, policy_file, run, state, step, text};

/// Longer than one answer of the kernel is waited for.
const LIMIT: Duration = Duration::from_secs(15);

/// Runs the program with the error in the `nth` call; `None` if it makes fewer calls than that.
fn inject(pod: &Pod, call: &str, error: &str, nth: usize, words: &[&str]) -> Option<Output> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("strace");
    command.args(["--follow-forks", "--trace", call, "--output"]).arg(log.path());
    command.arg(format!("--inject={call}:error={error}:when={nth}")).arg(step()).args(words);
    let start = Instant::now();
    let output = run(&pod.bed.pod, &mut command, "");
    assert!(start.elapsed() < LIMIT, "{call} {error} {nth}: took {:?}", start.elapsed());
    read_to_string(log.path()).unwrap().contains("INJECTED").then_some(output)
}

/// What has to hold before each try, and what the try is.
struct Scene<'a> {
    pod: &'a Pod,
    prepare: &'a dyn Fn(),
    words: &'a [&'a str],
    policy: &'a CapturePolicy,
}

impl Scene<'_> {
    /// Tries every call; a failure must leave the state before, a success must be one.
    fn survives(&self, call: &str, error: &str) {
        for nth in 1..100 {
            (self.prepare)();
            let before = state(&self.pod.bed.pod);
            let Some(output) = inject(self.pod, call, error, nth, self.words) else {
                assert!(nth > 1, "{call} is never called");
                return;
            };
            let case = format!("{:?}: {error} in {call} {nth}", self.words);
            let words = text(&output.stderr);
            if output.status.success() {
                let differences = verify(&self.pod.target(), self.policy).unwrap().differences;
                assert!(differences.is_empty(), "{case}: {differences:?}");
                continue;
            }
            assert!(!output.status.success() && !words.is_empty(), "{case}");
            assert!(!words.contains("panicked") && !words.contains("is left"), "{case}: {words}");
            assert_eq!(state(&self.pod.bed.pod), before, "{case}: {words}");
        }
        panic!("{call}: no end");
    }

    /// An interrupted call is made again.
    fn passes_over_interrupts(&self) {
        for call in ["sendto", "recvfrom"] {
            for nth in 1..100 {
                (self.prepare)();
                let Some(output) = inject(self.pod, call, "EINTR", nth, self.words) else { break };
                assert!(output.status.success(), "{call} {nth}: {}", text(&output.stderr));
            }
        }
    }

    fn survives_all(&self) {
        for error in ["ENOBUFS", "EPERM"] {
            self.survives("sendto", error);
            self.survives("recvfrom", error);
        }
        self.survives("socket", "ENOMEM");
        self.survives("setsockopt", "ENOMEM");
        self.passes_over_interrupts();
    }
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[test]
fn a_first_apply_leaves_the_state_before() {
    let pod = Pod::new();
    let file = policy_file("");
    let prepare = || drop(pod.remove(Captured::Cut).unwrap());
    let (words, policy) = (["apply", path(file.path())], policy(""));
    Scene { pod: &pod, prepare: &prepare, words: &words, policy: &policy }.survives_all();
}

#[test]
fn a_first_apply_among_connections_leaves_the_state_before() {
    let pod = Pod::new();
    let mut talks = pod.talks();
    let file = policy_file("");
    let prepare = || drop(pod.remove(Captured::Cut).unwrap());
    let (words, policy) = (["apply", path(file.path())], policy(""));
    let scene = Scene { pod: &pod, prepare: &prepare, words: &words, policy: &policy };
    scene.survives("sendto", "ENOBUFS");
    scene.survives("recvfrom", "ENOBUFS");
    scene.survives("openat", "EACCES");
    scene.survives("write", "EBADF");
    crate::support::echo_all(&mut talks);
}

#[test]
fn a_replacement_leaves_the_capture_before() {
    let pod = Pod::new();
    let (before, file) = (policy("ipv6: bypass"), policy_file("counters: on"));
    let prepare = || {
        drop(pod.remove(Captured::Cut).unwrap());
        drop(pod.apply(&before).unwrap());
    };
    let (words, policy) = (["apply", path(file.path())], policy("counters: on"));
    Scene { pod: &pod, prepare: &prepare, words: &words, policy: &policy }.survives_all();
}

#[test]
fn a_removal_is_taken_up_again_by_the_next() {
    let pod = Pod::new();
    let clean = state(&pod.bed.pod);
    let talks = pod.talks();
    for call in ["sendto", "recvfrom"] {
        for nth in 1..100 {
            pod.apply(&policy("")).unwrap();
            let Some(output) = inject(&pod, call, "ENOBUFS", nth, &["remove"]) else { break };
            let words = text(&output.stderr);
            assert!(output.status.code().is_some_and(|code| code < 2), "{call} {nth}: {words}");
            assert_eq!(output.status.success(), words.is_empty(), "{call} {nth}: {words}");
            pod.remove(Captured::Cut).unwrap();
            assert_eq!(state(&pod.bed.pod), clean, "{call} {nth}: {words}");
        }
    }
    drop(talks);
}
