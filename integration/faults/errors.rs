//! An error in every system call that may fail, of an apply, a replacement and a removal.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::time::Duration;

use nftdivert_integration::strace::{Call, Injected, calls, inject};

use crate::scene::{Deed, Live, Scene, Start};
use crate::state::State;

/// An answer is waited for five seconds.
pub(crate) const LIMIT: Duration = Duration::from_secs(8);

/// What is injected into which calls. A `retval` is a call that does nothing: a request that never
/// arrives (see `silence.rs`), an answer of which only the first bytes are there.
const FAULTS: [(&str, &[&str]); 8] = [
    ("sendto", &["error=ENOBUFS", "error=EPERM", "error=ENOMEM", "error=EAGAIN"]),
    ("recvfrom", &["error=ENOBUFS", "error=EPERM", "error=ENOMEM", "error=EAGAIN"]),
    ("recvfrom", &["retval=4", "retval=17"]),
    ("socket", &["error=ENOMEM", "error=EPERM", "error=EMFILE"]),
    ("setsockopt", &["error=ENOMEM", "error=EPERM"]),
    ("openat", &["error=EACCES", "error=ENOMEM", "error=EMFILE"]),
    ("read", &["error=EIO", "error=EPERM"]),
    ("write", &["error=EPERM", "error=EIO"]),
];

/// Calls that are made again when a signal comes in between.
const INTERRUPTED: [&str; 6] = ["sendto", "recvfrom", "openat", "read", "write", "flock"];

/// Whether the program makes this call to do its work, not to tell of it.
fn is_work(call: &Call) -> bool {
    !call.shown.starts_with("write(1,") && !call.shown.starts_with("write(2,")
}

/// The message of a failure is one that a user can act on.
#[track_caller]
pub(crate) fn check_words(end: &Injected, case: &str) -> String {
    let words = String::from_utf8_lossy(&end.output.stderr).into_owned();
    assert!(end.took < LIMIT, "{case}: took {:?}", end.took);
    assert!(!words.contains("panicked"), "{case}: {words}");
    assert_eq!(end.output.status.success(), words.is_empty(), "{case}: {words}");
    assert!(end.output.status.code().is_some_and(|code| code < 2), "{case}: {end:?}");
    words
}

/// Everything holds after one run with a fault.
#[track_caller]
pub(crate) fn check(scene: &Scene, end: &Injected, case: &str) {
    let words = check_words(end, case);
    let now = State::of(&scene.place);
    if end.output.status.success() {
        assert!(scene.is_done(&now), "{case}: {now:#?}");
        assert!(now.is_accounted(&scene.bare), "{case}: {now:#?}");
    } else if scene.is_removal() {
        scene.check_between(&now, &format!("{case}: {words}"));
    } else {
        assert!(!words.contains("is left"), "{case}: {words}");
        assert_eq!(now, scene.before, "{case}: {words}");
    }
    scene.clear(case);
}

fn refuse_everywhere(scene: &Scene) -> usize {
    let (calls, mut count) = (calls(&scene.place, &scene.program()), 0);
    for (name, faults) in FAULTS {
        for call in calls.iter().filter(|call| call.name == name && is_work(call)) {
            for fault in faults {
                let case = format!("{:?}, {fault} in {}", scene.program(), call.shown);
                assert_eq!(scene.prepare(), scene.before, "{case}");
                let end = inject(&scene.place, &scene.program(), call, fault);
                check(scene, &end, &case);
                count += usize::from(end.is_hit);
            }
        }
    }
    println!("{:?}: {count} errors", scene.program());
    count
}

fn interrupt_everywhere(scene: &Scene) -> usize {
    let (calls, mut count) = (calls(&scene.place, &scene.program()), 0);
    let is_repeated = |call: &&Call| INTERRUPTED.contains(&call.name.as_str()) && is_work(call);
    for call in calls.iter().filter(is_repeated) {
        let case = format!("{:?}, interrupted in {}", scene.program(), call.shown);
        assert_eq!(scene.prepare(), scene.before, "{case}");
        let end = inject(&scene.place, &scene.program(), call, "error=EINTR");
        check(scene, &end, &case);
        assert!(end.output.status.success(), "{case}: {end:?}");
        count += usize::from(end.is_hit);
    }
    println!("{:?}: {count} interrupts", scene.program());
    count
}

fn apply() -> Scene {
    Scene::new(None, Deed::Apply(""), Start::Inside, Live::Tcp)
}

fn replacement() -> Scene {
    Scene::new(Some("ipv6: reject"), Deed::Apply("counters: on"), Start::Inside, Live::Nothing)
}

fn removal() -> Scene {
    Scene::new(Some(""), Deed::Remove, Start::Inside, Live::Tcp)
}

#[test]
fn a_first_apply_leaves_the_state_before() {
    assert!(refuse_everywhere(&apply()) >= 100);
}

#[test]
fn a_replacement_leaves_the_state_before() {
    assert!(refuse_everywhere(&replacement()) >= 100);
}

#[test]
fn a_replacement_of_sets_leaves_the_state_before() {
    let (old, new) = ("outbound: {ranges: [10.0.0.0/8]}", "outbound: {ranges: [10.0.0.0/9]}");
    let scene = Scene::new(Some(old), Deed::Apply(new), Start::Inside, Live::Nothing);
    assert!(refuse_everywhere(&scene) >= 100);
}

#[test]
fn a_removal_can_be_finished() {
    assert!(refuse_everywhere(&removal()) >= 100);
}

#[test]
fn interrupted_calls_are_made_again() {
    let count: usize = [apply(), replacement(), removal()].iter().map(interrupt_everywhere).sum();
    assert!(count >= 50);
}
