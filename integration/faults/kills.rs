//! A kill before every system call of an apply, a replacement, a removal and a drain.
//!
//! strace delivers the signal where the call begins, and the kernel leaves the call out. What a
//! program has done is what its calls have done, so these are all the states that a kill can leave.
//! The least counts that the tests ask for add up to more than 500.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::os::unix::process::ExitStatusExt;

use nftdivert_integration::strace::{calls, inject};

use crate::scene::{Deed, Live, Scene, Start};
use crate::state::State;

const SIGKILL: i32 = 9;

/// Calls that a later run may not make: a wait may take fewer turns, on a busy machine many fewer.
const MISSED: usize = 30;

/// Kills before every call; how often that was.
fn kill_everywhere(scene: &Scene) -> usize {
    let (calls, mut kills) = (calls(&scene.place, &scene.program()), 0);
    for (call, turn) in calls.iter().zip(0..) {
        let case = format!("{:?}, killed before {} {}", scene.program(), call.name, call.shown);
        assert_eq!(scene.prepare(), scene.before, "{case}");
        let end = inject(&scene.place, &scene.program(), call, "signal=KILL");
        if end.output.status.signal() != Some(SIGKILL) {
            assert!(!end.is_hit, "{case}: {end:?}");
            continue;
        }
        kills += 1;
        scene.check_between(&State::of(&scene.place), &case);
        if turn % 2 == 0 {
            scene.converge(&case);
        }
        scene.clear(&case);
    }
    assert!(kills + MISSED >= calls.len(), "{kills} of {} calls", calls.len());
    println!("{:?}: {kills} kills", scene.program());
    kills
}

#[test]
fn a_first_apply() {
    let scene = Scene::new(None, Deed::Apply(""), Start::Inside, Live::Nothing);
    assert!(kill_everywhere(&scene) >= 50);
}

#[test]
fn a_first_apply_among_connections() {
    let scene = Scene::new(None, Deed::Apply(""), Start::Inside, Live::Tcp);
    assert_eq!(scene.after.tcp_loose, "0");
    assert!(scene.after.has_source);
    assert!(kill_everywhere(&scene) >= 60);
}

#[test]
fn a_first_apply_from_outside() {
    let scene = Scene::new(None, Deed::Apply(""), Start::Outside, Live::Tcp);
    assert!(kill_everywhere(&scene) >= 60);
}

#[test]
fn a_replacement_of_rules() {
    let deed = Deed::Apply("counters: on");
    let scene = Scene::new(Some(""), deed, Start::Inside, Live::Tcp);
    assert!(kill_everywhere(&scene) >= 45);
}

#[test]
fn a_replacement_that_sets_something_up() {
    let scene = Scene::new(Some("ipv6: reject"), Deed::Apply(""), Start::Inside, Live::Nothing);
    assert!(kill_everywhere(&scene) >= 55);
}

#[test]
fn a_replacement_that_takes_something_back() {
    let scene = Scene::new(Some(""), Deed::Apply("ipv6: reject"), Start::Inside, Live::Nothing);
    assert!(kill_everywhere(&scene) >= 55);
}

#[test]
fn a_removal() {
    let scene = Scene::new(Some(""), Deed::Remove, Start::Inside, Live::Tcp);
    assert!(kill_everywhere(&scene) >= 60);
}

#[test]
fn a_drain() {
    let scene = Scene::new(Some(""), Deed::Drain, Start::Inside, Live::Tcp);
    assert!(kill_everywhere(&scene) >= 90);
}

#[test]
fn a_removal_from_outside() {
    let scene = Scene::new(Some(""), Deed::Remove, Start::Outside, Live::Tcp);
    assert!(kill_everywhere(&scene) >= 60);
}

/// Captures by sets, which come before the rules that look them up.
const SETS: &str = "outbound: {ranges: [10.0.0.0/8, 'fd00::/8']}";
const OTHER_SETS: &str = "outbound: {ranges: [10.0.0.0/9, 'fd00::/9']}\n\
                          inbound: {ports: [1, 3, 5, 7, 9]}";

#[test]
fn a_first_apply_of_sets() {
    let scene = Scene::new(None, Deed::Apply(SETS), Start::Inside, Live::Nothing);
    assert!(kill_everywhere(&scene) >= 50);
}

#[test]
fn a_replacement_of_sets() {
    let scene = Scene::new(Some(SETS), Deed::Apply(OTHER_SETS), Start::Inside, Live::Nothing);
    assert!(kill_everywhere(&scene) >= 45);
}

/// Sets up everything that there is besides rules.
const FAST: &str = "inbound: {mode: tproxyFast}";

#[test]
fn a_first_apply_of_marks_and_routes() {
    let scene = Scene::new(None, Deed::Apply(FAST), Start::Inside, Live::Tcp);
    assert!(kill_everywhere(&scene) >= 80);
}

#[test]
fn a_replacement_that_sets_up_marks_and_routes() {
    let scene = Scene::new(Some(""), Deed::Apply(FAST), Start::Inside, Live::Nothing);
    assert!(kill_everywhere(&scene) >= 80);
}

#[test]
fn a_replacement_that_takes_back_marks_and_routes() {
    let scene = Scene::new(Some(FAST), Deed::Apply(""), Start::Inside, Live::Nothing);
    assert!(kill_everywhere(&scene) >= 80);
}

#[test]
fn a_removal_of_marks_and_routes() {
    let scene = Scene::new(Some(FAST), Deed::Remove, Start::Inside, Live::Tcp);
    assert!(kill_everywhere(&scene) >= 80);
}

#[test]
fn a_drain_of_marks_and_routes() {
    let scene = Scene::new(Some(FAST), Deed::Drain, Start::Inside, Live::Tcp);
    assert!(kill_everywhere(&scene) >= 100);
}
