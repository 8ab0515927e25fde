//! Somebody puts a table of their own under our name while a first apply is held up: it is neither
//! filled nor deleted, whatever becomes of the apply.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::thread::{scope, sleep};
use std::time::Duration;

use nftdivert_integration::shell::{ip, nft, nft_list_handles};
use nftdivert_integration::strace::{Call, calls, inject};

use crate::scene::{Deed, Live, Scene, Start};

const DELAY: Duration = Duration::from_millis(800);

/// Two that a careless fill would mix with, or be refused by.
const THEIRS: [&str; 2] = [
    "table inet nftdivert {\ncomment \"somebody else's\"\nchain precious {\n}\n}\n",
    "table inet nftdivert {\ncomment \"somebody else's\"\nchain output {\n}\n}\n",
];

/// Whether the table was theirs at the end.
fn take_over(call: &Call, theirs: &str) -> bool {
    let scene = Scene::new(None, Deed::Apply(""), Start::Inside, Live::Nothing);
    let what = format!("delay_enter={}", DELAY.as_micros());
    let (listed, end) = scope(|threads| {
        let run = threads.spawn(|| inject(&scene.place, &scene.program(), call, &what));
        sleep(DELAY / 2);
        // Before the journal there is no table of ours to take away.
        let script = "add table inet nftdivert\ndelete table inet nftdivert\n".to_owned() + theirs;
        nft(&scene.place, &script);
        let listed = nft_list_handles(&scene.place, "table inet nftdivert");
        (listed, run.join().unwrap())
    });
    let case = format!("before {}: {end:?}", call.shown);
    assert!(!end.output.status.success(), "{case}");
    assert_eq!(nft_list_handles(&scene.place, "table inet nftdivert"), listed, "{case}");
    let lo = ip(&scene.place, "-6 address show dev lo");
    assert!(!lo.contains("::6/"), "{case}: {lo}");
    String::from_utf8_lossy(&end.output.stderr).contains("did not write")
}

#[test]
fn a_table_that_somebody_else_put_in_its_place_stays_theirs() {
    let scene = Scene::new(None, Deed::Apply(""), Start::Inside, Live::Nothing);
    let calls = calls(&scene.place, &scene.program());
    let requests: Vec<&Call> = calls.iter().filter(|call| call.name == "sendto").collect();
    // The twelfth request commits the rules; those after it look for the route.
    let commit = requests.len().min(12);
    for theirs in THEIRS {
        let refused = scope(|threads| {
            let start = |call| threads.spawn(move || take_over(call, theirs));
            let started: Vec<_> = requests[..commit].iter().map(|call| start(call)).collect();
            started.into_iter().map(|run| run.join().unwrap()).filter(|told| *told).count()
        });
        println!("taken over {commit} times, {refused} times told so");
        assert_eq!(refused, commit, "{refused} of {commit}");
    }
}
