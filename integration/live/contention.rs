//! Several writers at once in one namespace.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::process::Command;
use std::sync::Barrier;
use std::thread::scope;
use std::time::{Duration, Instant};

use nftdivert::apply::{ApplyError, Captured, State, apply, status};
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;

use crate::support::{Pod, options, policy, policy_file, run, said, state, step, text};

const LIMIT: Duration = Duration::from_secs(20);

/// Policies that differ in rules, in sets and in what they set up besides.
fn policies(number: usize) -> Vec<CapturePolicy> {
    let text = |index: usize| {
        let ports: Vec<String> = (0..=index).map(|port| (2000 + 2 * port).to_string()).collect();
        let counters = if index.is_multiple_of(2) { "on" } else { "off" };
        format!("counters: {counters}\noutbound: {{excludePorts: [{}]}}", ports.join(", "))
    };
    (0..number).map(|index| policy(&text(index))).collect()
}

/// All at once; every one succeeds or says that others were in its way.
fn at_once(pod: &Pod, policies: &[CapturePolicy]) -> usize {
    let barrier = Barrier::new(policies.len());
    let results: Vec<Result<(), ApplyError>> = scope(|threads| {
        let start = |policy| {
            let (barrier, target) = (&barrier, pod.target());
            threads.spawn(move || {
                barrier.wait();
                let start = Instant::now();
                let result = apply(&target, policy, &options()).map(drop);
                assert!(start.elapsed() < LIMIT, "took {:?}", start.elapsed());
                result
            })
        };
        let started: Vec<_> = policies.iter().map(start).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let failures: Vec<String> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .map(ToString::to_string)
        .collect();
    for failure in &failures {
        assert!(
            failure.contains("kept changing") || failure.contains("changed while"),
            "{failure}"
        );
    }
    policies.len() - failures.len()
}

fn exactly_one_holds(pod: &Pod, policies: &[CapturePolicy]) {
    let holds =
        |policy: &&CapturePolicy| verify(&pod.target(), policy).unwrap().differences.is_empty();
    let table = said(&pod.bed.pod, "nft list ruleset", "");
    assert_eq!(policies.iter().filter(holds).count(), 1, "{table}");
    assert_eq!(status(&pod.target()).unwrap().state, State::Applied);
}

fn contend(number: usize, rounds: usize) {
    let pod = Pod::new();
    let clean = state(&pod.bed.pod);
    let policies = policies(number);
    let mut successes = 0;
    for round in 0..rounds {
        // Every other round begins without capture.
        if round % 2 == 0 {
            pod.remove(Captured::Cut).unwrap();
            assert_eq!(state(&pod.bed.pod), clean, "round {round}");
        }
        let worked = at_once(&pod, &policies);
        assert!(worked > 0, "round {round}");
        successes += worked;
        exactly_one_holds(&pod, &policies);
    }
    println!("{number} at once: {successes} of {} worked", number * rounds);
    pod.captures_all();
}

#[test]
fn two_threads() {
    contend(2, 40);
}

#[test]
fn eight_threads() {
    contend(8, 20);
}

#[test]
fn processes() {
    let pod = Pod::new();
    let texts = ["counters: on", "ipv6: bypass", "inbound: {ports: [8080]}", ""];
    let files = texts.map(policy_file);
    let policies = texts.map(policy);
    for _ in 0..10 {
        pod.remove(Captured::Cut).unwrap();
        let outputs = scope(|threads| {
            let start = |file: &tempfile::NamedTempFile| {
                let (place, path) = (&pod.bed.pod, file.path().to_owned());
                let apply = move || run(place, Command::new(step()).arg("apply").arg(path), "");
                threads.spawn(apply)
            };
            let started: Vec<_> = files.iter().map(start).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        for output in &outputs {
            let words = text(&output.stderr);
            assert!(output.status.success() || words.contains("kept changing"), "{words}");
        }
        exactly_one_holds(&pod, &policies);
    }
}
