//! Draining: what is captured lives on until it ends, what is new goes direct.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::sync::Mutex;
use std::thread::scope;
use std::time::Duration;

use nftdivert::apply::{
    ApplyError, Captured, DrainProgress, Outcome, RemoveOptions, State, remove, status,
};
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;

use crate::support::{Pod, echo_all, state, until};

const LONG: Captured = Captured::Drain(Duration::from_secs(20));
const SHORT: Captured = Captured::Drain(Duration::from_millis(300));

fn is_draining(pod: &Pod) -> bool {
    status(&pod.target()).unwrap().state == State::Draining
}

#[test]
fn captured_connections_live_on_until_they_end() {
    let pod = Pod::new();
    let before = state(&pod.bed.pod);
    pod.apply(&CapturePolicy::default()).unwrap();
    let mut talks = pod.talks();
    let told: Mutex<Vec<DrainProgress>> = Mutex::default();
    let progress = |now| told.lock().unwrap().push(now);
    let (target, options) = (pod.target(), RemoveOptions { captured: LONG, progress: &progress });
    let removed = scope(|threads| {
        let removing = threads.spawn(|| remove(&target, &options));
        until("draining", || is_draining(&pod));
        echo_all(&mut talks);
        pod.captures_none();
        echo_all(&mut talks);
        let last = talks.split_off(3);
        drop(talks);
        until("three ended", || told.lock().unwrap().iter().any(|now| now.remaining == 1));
        assert!(!removing.is_finished());
        drop(last);
        removing.join().unwrap()
    });
    let removed = removed.unwrap();
    assert!(removed.was_there && removed.cut == Some(0), "{removed:?}");
    let told = told.into_inner().unwrap();
    assert_eq!(told.first().map(|now| now.remaining), Some(4), "{told:?}");
    assert!(told.is_sorted_by_key(|now| now.waited), "{told:?}");
    assert_eq!(state(&pod.bed.pod), before);
}

#[test]
fn without_captured_connections_there_is_nothing_to_wait_for() {
    let pod = Pod::new();
    let before = state(&pod.bed.pod);
    pod.apply(&CapturePolicy::default()).unwrap();
    let removed = pod.remove(LONG).unwrap();
    assert!(removed.was_there && removed.cut == Some(0), "{removed:?}");
    assert_eq!(state(&pod.bed.pod), before);
    assert!(!pod.remove(LONG).unwrap().was_there);
}

#[test]
fn at_the_time_limit_it_stays_and_a_second_removal_finishes() {
    let pod = Pod::new();
    let before = state(&pod.bed.pod);
    pod.apply(&CapturePolicy::default()).unwrap();
    let mut talks = pod.talks();
    for _ in 0..2 {
        let error = pod.remove(SHORT).unwrap_err();
        assert!(matches!(error, ApplyError::DrainTimedOut { remaining: 4, .. }), "{error}");
        assert!(is_draining(&pod));
        echo_all(&mut talks);
        pod.captures_none();
    }
    let removed = pod.remove(Captured::Cut).unwrap();
    assert!(removed.was_there && removed.cut == Some(4), "{removed:?}");
    assert_eq!(state(&pod.bed.pod), before);
}

#[test]
fn connections_from_before_capture_are_not_touched_by_draining() {
    let pod = Pod::new();
    let mut old = pod.talks();
    let before = state(&pod.bed.pod);
    pod.apply(&CapturePolicy::default()).unwrap();
    let mut talks = pod.talks();
    pod.remove(SHORT).unwrap_err();
    echo_all(&mut old);
    echo_all(&mut talks);
    drop(talks);
    pod.remove(LONG).unwrap();
    echo_all(&mut old);
    assert_eq!(state(&pod.bed.pod), before);
}

#[test]
fn applying_takes_up_capture_again() {
    let pod = Pod::new();
    let base = CapturePolicy::default();
    pod.apply(&base).unwrap();
    let mut talks = pod.talks();
    pod.remove(SHORT).unwrap_err();
    let mut direct = pod.talks();
    assert_eq!(pod.apply(&base).unwrap().outcome, Outcome::Replaced);
    assert!(verify(&pod.target(), &base).unwrap().differences.is_empty());
    pod.captures_all();
    echo_all(&mut talks);
    echo_all(&mut direct);
}

#[test]
fn applying_under_a_drain_that_waits_is_not_undone_by_it() {
    let pod = Pod::new();
    let base = CapturePolicy::default();
    pod.apply(&base).unwrap();
    let talks = pod.talks();
    let drained = scope(|threads| {
        let removing = {
            let target = pod.target();
            threads.spawn(move || {
                remove(&target, &RemoveOptions { captured: LONG, progress: &|_| () })
            })
        };
        until("draining", || is_draining(&pod));
        pod.apply(&base).unwrap();
        drop(talks);
        removing.join().unwrap()
    });
    println!("the drain says: {drained:?}");
    assert!(verify(&pod.target(), &base).unwrap().differences.is_empty());
    pod.captures_all();
    assert!(drained.is_err(), "{drained:?}");
}
