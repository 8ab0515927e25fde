//! Other programs that write or hold what we need.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use nftdivert::apply::Captured;
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Batch, commit};
use nftdivert::policy::CapturePolicy;
use nftdivert::ruleset::Ruleset;

use crate::support::{Pod, policy, state, until};

const LIMIT: Duration = Duration::from_secs(20);

/// A shell that ends with this value.
struct Shell(Child);

impl Shell {
    fn run(place: &Netns, script: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stderr(Stdio::null()).stdout(Stdio::null());
        Self(place.run(|| command.spawn()).unwrap().unwrap())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Applies, and now and then removes; how often it worked, and what was said where it did not.
fn persist(pod: &Pod, times: usize) -> (usize, Vec<String>) {
    let (mut worked, mut complaints) = (0, Vec::new());
    for (text, nth) in ["", "counters: on", "ipv6: bypass"].into_iter().cycle().zip(0..times) {
        let start = Instant::now();
        let removed = if nth % 4 == 0 { pod.remove(Captured::Cut).map(drop) } else { Ok(()) };
        match removed.and_then(|()| pod.apply(&policy(text)).map(drop)) {
            Ok(()) => worked += 1,
            Err(error) => complaints.push(error.to_string()),
        }
        assert!(start.elapsed() < LIMIT, "took {:?}", start.elapsed());
    }
    (worked, complaints)
}

#[test]
fn one_that_flushes_the_ruleset_in_a_loop() {
    let pod = Pod::new();
    let running = tempfile::NamedTempFile::new().unwrap();
    let script = format!("while [ -e {} ]; do nft flush ruleset; done", running.path().display());
    let mut flushing = Shell::run(&pod.bed.pod, &script);
    let (worked, complaints) = persist(&pod, 60);
    running.close().unwrap();
    flushing.0.wait().unwrap();
    println!("while the ruleset was flushed {worked} of 60 worked; others: {complaints:#?}");
    pod.apply(&CapturePolicy::default()).unwrap();
    pod.captures_all();
}

fn write_a_table_of_others(place: &Netns, pause: Duration, stop: &AtomicBool, count: &AtomicUsize) {
    let write = || {
        let mut socket = Connection::open(Family::Netfilter).unwrap();
        let other = Ruleset {
            table: "other".into(),
            comment: None,
            flags: 0,
            sets: Vec::new(),
            chains: Vec::new(),
        };
        while !stop.load(Ordering::Relaxed) {
            let mut batch = Batch::new(None);
            batch.add_table(&other);
            commit(&mut socket, &batch.seal()).unwrap();
            let mut batch = Batch::new(None);
            batch.delete_table("other");
            commit(&mut socket, &batch.seal()).unwrap();
            count.fetch_add(2, Ordering::Relaxed);
            std::thread::sleep(pause);
        }
    };
    place.run(write).unwrap();
}

#[test]
fn one_that_writes_a_table_of_its_own_all_the_time() {
    for pause in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(5)] {
        let pod = Pod::new();
        let clean = state(&pod.bed.pod);
        let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let (worked, complaints) = scope(|threads| {
            let (place, stop, count) = (&pod.bed.pod, &stop, &count);
            threads.spawn(move || write_a_table_of_others(place, pause, stop, count));
            until("the other writes", || count.load(Ordering::Relaxed) > 0);
            let result = persist(&pod, 40);
            stop.store(true, Ordering::Relaxed);
            result
        });
        let count = count.into_inner();
        println!("among {count} others, one each {pause:?}, {worked} of 40 worked");
        for complaint in complaints {
            let is_clear =
                complaint.contains("kept changing") || complaint.contains("changed while");
            // One that never pauses lets nobody read: then not even the journal can be taken back.
            let harmless =
                ["a table `inet nftdivert` without rules", "a record that lists more to undo"];
            let left = complaint.split_once("is left:").map(|(_, left)| left.trim_start());
            let is_harmless =
                left.is_none_or(|left| harmless.iter().any(|words| left.starts_with(words)));
            assert!(is_clear && is_harmless, "{complaint}");
        }
        pod.apply(&CapturePolicy::default()).unwrap();
        pod.captures_all();
        pod.remove(Captured::Cut).unwrap();
        assert_eq!(state(&pod.bed.pod), clean);
    }
}

#[test]
fn one_that_holds_the_lock_for_ever() {
    let pod = Pod::new();
    let marker = tempfile::NamedTempFile::new().unwrap();
    let path = marker.path().display();
    let holding = Shell::run(
        &pod.bed.pod,
        &format!("exec 9< /proc/self/ns/net; flock 9 && echo > {path}; exec sleep 60"),
    );
    until("locked", || marker.path().metadata().unwrap().len() > 0);
    let start = Instant::now();
    pod.apply(&CapturePolicy::default()).unwrap();
    println!("applied after {:?}", start.elapsed());
    assert!(start.elapsed() < LIMIT);
    pod.captures_all();
    drop(holding);
}
