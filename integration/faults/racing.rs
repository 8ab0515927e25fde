//! An apply and a removal at the same time: one of them was the last, and it is whole.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::sync::Barrier;
use std::thread::scope;
use std::time::{Duration, Instant};

use nftdivert_integration::fixture::{put, take_away};

use crate::scene::{Deed, Live, Scene, Start};
use crate::state::State;

const ROUNDS: usize = 60;
const LIMIT: Duration = Duration::from_secs(8);

/// So many removals against one apply; how often the apply was the last.
fn race(scene: &Scene, policy: &str, removals: usize) -> usize {
    let barrier = Barrier::new(removals + 1);
    let one = |job: &dyn Fn() -> Result<(), String>| {
        barrier.wait();
        let start = Instant::now();
        let result = job();
        assert!(start.elapsed() < LIMIT, "took {:?}", start.elapsed());
        result.unwrap();
    };
    let apply = || put(&scene.place, policy).map(drop).map_err(|error| error.to_string());
    let remove = || take_away(&scene.place).map(drop).map_err(|error| error.to_string());
    let mut last = 0;
    for round in 0..ROUNDS {
        scene.prepare();
        scope(|threads| {
            threads.spawn(|| one(&apply));
            (0..removals).for_each(|_| drop(threads.spawn(|| one(&remove))));
        });
        let now = State::of(&scene.place);
        let is_applied = scene.is_done(&now) && now.is_accounted(&scene.bare);
        assert!(is_applied || now == scene.bare, "round {round}: {now:#?}");
        last += usize::from(is_applied);
    }
    scene.clear("after all rounds");
    println!("one apply, {removals} removals: the apply was the last {last} of {ROUNDS} times");
    last
}

#[test]
fn from_nothing() {
    let scene = Scene::new(None, Deed::Apply(""), Start::Inside, Live::Tcp);
    race(&scene, "", 1);
}

#[test]
fn from_another_policy() {
    let (old, policy) = (Some("ipv6: reject"), "counters: on");
    let scene = Scene::new(old, Deed::Apply(policy), Start::Inside, Live::Nothing);
    race(&scene, policy, 1);
    race(&scene, policy, 3);
}
