//! Other programs that commit between our reading and our writing: once, and without end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Batch, commit};
use nftdivert::ruleset::Ruleset;
use nftdivert_integration::shell::nft;
use nftdivert_integration::strace::{Call, calls, inject, inject_all};

use crate::errors::{check, check_words};
use crate::scene::{Deed, Live, Scene, Start};
use crate::state::State;

/// How long a request is held up; the other one writes after half of it.
const DELAY: Duration = Duration::from_millis(1000);

fn replacement() -> Scene {
    Scene::new(Some("ipv6: reject"), Deed::Apply(""), Start::Inside, Live::Nothing)
}

fn removal() -> Scene {
    Scene::new(Some(""), Deed::Remove, Start::Inside, Live::Tcp)
}

/// Holds up one request while another program commits; how many requests there were then.
fn overtake(scene: &Scene, call: &Call) -> usize {
    let case = format!("{:?}, overtaken before {}", scene.program(), call.shown);
    assert_eq!(scene.prepare(), scene.before, "{case}");
    let what = format!("delay_enter={}", DELAY.as_micros());
    let end = scope(|threads| {
        let run = threads.spawn(|| inject(&scene.place, &scene.program(), call, &what));
        sleep(DELAY / 2);
        nft(&scene.place, "add table ip other");
        run.join().unwrap()
    });
    nft(&scene.place, "delete table ip other");
    assert!(end.output.status.success(), "{case}: {end:?}");
    check(scene, &end, &case);
    // A wait for the kernel may take fewer turns than when the calls were listed.
    if end.is_hit { end.made } else { 0 }
}

/// At every request, each in a namespace of its own; how often it was read and written again.
fn overtake_everywhere(make: impl Fn() -> Scene + Sync) -> usize {
    let scene = make();
    let calls = calls(&scene.place, &scene.program());
    let requests: Vec<&Call> = calls.iter().filter(|call| call.name == "sendto").collect();
    let made: Vec<usize> = scope(|threads| {
        let make = &make;
        let start = |call| threads.spawn(move || overtake(&make(), call));
        let started: Vec<_> = requests.into_iter().map(start).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    println!("{:?}: overtaken {} times: {made:?} requests", scene.program(), made.len());
    // Those that were held up after the last look at the generation needed no more than usual.
    let usual = made.iter().copied().filter(|made| *made > 0).min().unwrap();
    made.into_iter().filter(|made| *made > usual).count()
}

#[test]
fn a_replacement_is_tried_again() {
    assert!(overtake_everywhere(replacement) >= 4);
}

#[test]
fn a_removal_is_tried_again() {
    assert!(overtake_everywhere(removal) >= 4);
}

/// Somebody flushes the ruleset while one request is held up: rules or a clear message, and nothing
/// is said to be left that is not there.
fn flush(scene: &Scene, call: &Call) -> bool {
    let case = format!("{:?}, flushed before {}", scene.program(), call.shown);
    assert_eq!(scene.prepare(), scene.before, "{case}");
    let what = format!("delay_enter={}", DELAY.as_micros());
    let end = scope(|threads| {
        let run = threads.spawn(|| inject(&scene.place, &scene.program(), call, &what));
        sleep(DELAY / 2);
        nft(&scene.place, "flush ruleset");
        run.join().unwrap()
    });
    let words = check_words(&end, &case);
    assert!(!words.contains("is left"), "{case}: {words}");
    end.output.status.success()
}

#[test]
fn a_replacement_among_flushes() {
    let scene = replacement();
    let calls = calls(&scene.place, &scene.program());
    let requests: Vec<&Call> = calls.iter().filter(|call| call.name == "sendto").collect();
    let worked = scope(|threads| {
        let start = |call| threads.spawn(move || flush(&replacement(), call));
        let started: Vec<_> = requests.iter().map(|call| start(call)).collect();
        started.into_iter().filter_map(|thread| thread.join().ok()).filter(|worked| *worked).count()
    });
    println!("flushed {} times, {worked} worked", requests.len());
    assert_eq!(worked, requests.len());
}

#[test]
fn a_first_apply_minds_nobody() {
    overtake_everywhere(|| Scene::new(None, Deed::Apply(""), Start::Inside, Live::Tcp));
}

fn write_without_end(place: &Netns, stop: &AtomicBool) {
    let (comment, sets, chains) = (None, Vec::new(), Vec::new());
    let other = Ruleset { table: "other".into(), comment, flags: 0, sets, chains };
    let write = || {
        let mut socket = Connection::open(Family::Netfilter).unwrap();
        while !stop.load(Ordering::Relaxed) {
            let mut batch = Batch::new(None);
            batch.add_table(&other);
            batch.delete_table("other");
            commit(&mut socket, &batch.seal()).unwrap();
            sleep(Duration::from_millis(1));
        }
    };
    place.run(write).unwrap();
}

/// Every request is held up for longer than the other needs to write again.
fn give_up(scene: &Scene) {
    let case = format!("{:?}, among writes without end", scene.program());
    assert_eq!(scene.prepare(), scene.before, "{case}");
    let stop = AtomicBool::new(false);
    let end = scope(|threads| {
        threads.spawn(|| write_without_end(&scene.place, &stop));
        let end = inject_all(&scene.place, &scene.program(), "sendto", "delay_enter=10000");
        stop.store(true, Ordering::Relaxed);
        end
    });
    let words = check_words(&end, &case);
    println!("{case}: {:?}: {words}", end.took);
    assert!(words.contains("kept changing") || words.contains("changed while"), "{case}: {words}");
    assert_eq!(State::of(&scene.place), scene.before, "{case}");
    scene.clear(&case);
}

#[test]
fn a_replacement_gives_up_in_time() {
    give_up(&replacement());
}

#[test]
fn a_removal_gives_up_in_time() {
    give_up(&removal());
}
