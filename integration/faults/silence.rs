//! Requests that never reach the kernel, though the send seemed to work: nobody answers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::thread::scope;

use nftdivert_integration::strace::{Call, calls, inject};

use crate::errors::check;
use crate::scene::{Deed, Live, Scene, Start};

/// Most of the time is waiting: every request is lost at the same time, in a namespace of its own.
fn lose_every_request(make: impl Fn() -> Scene + Sync) -> usize {
    let scene = make();
    let calls = calls(&scene.place, &scene.program());
    let requests: Vec<&Call> = calls.iter().filter(|call| call.name == "sendto").collect();
    let lose = |call: &Call| {
        let scene = make();
        let case = format!("{:?}, lost: {}", scene.program(), call.shown);
        assert_eq!(scene.prepare(), scene.before, "{case}");
        let end = inject(&scene.place, &scene.program(), call, "retval=64");
        check(&scene, &end, &case);
        usize::from(end.is_hit)
    };
    let lost = scope(|threads| {
        let lose = &lose;
        let start = |call| threads.spawn(move || lose(call));
        let started: Vec<_> = requests.into_iter().map(start).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{:?}: {lost} requests lost", scene.program());
    lost
}

#[test]
fn a_first_apply() {
    let make = || Scene::new(None, Deed::Apply(""), Start::Inside, Live::Tcp);
    assert!(lose_every_request(make) >= 6);
}

#[test]
fn a_replacement() {
    let make = || Scene::new(Some("ipv6: reject"), Deed::Apply(""), Start::Inside, Live::Nothing);
    assert!(lose_every_request(make) >= 10);
}

#[test]
fn a_removal() {
    let make = || Scene::new(Some(""), Deed::Remove, Start::Inside, Live::Tcp);
    assert!(lose_every_request(make) >= 10);
}
