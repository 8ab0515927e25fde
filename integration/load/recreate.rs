//! Replacements that have to make the table anew, because somebody moved its base chains.

use std::sync::RwLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::apply::Outcome;
use nftdivert_integration::fixture::{Fixture, assert_clean};
use nftdivert_integration::knock::Tally;
use nftdivert_integration::shell::{nft, nft_list};

use crate::scene::{POLICIES, under_load};

const ROUNDS: usize = 60;
/// In which clients connect.
const BETWEEN: Duration = Duration::from_millis(5);

/// Where the old base chains stand, seen from those that replace them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Old {
    InFront,
    Behind,
}

impl Old {
    const fn priority(self) -> &'static str {
        match self {
            Self::InFront => "priority -101;",
            Self::Behind => "priority -99;",
        }
    }
}

/// Moves both base chains, while no client connects: nft makes the table anew for it too.
fn tamper(fixture: &Fixture, gate: &RwLock<()>, old: Old) {
    let _nobody = gate.write().unwrap();
    let table = nft_list(&fixture.bed.pod, "table inet nftdivert");
    let mut moved = table.clone();
    for usual in ["priority -100;", "priority dstnat;"] {
        assert!(table.contains(usual), "{table}");
        moved = moved.replace(usual, old.priority());
    }
    nft(&fixture.bed.pod, &format!("delete table inet nftdivert\n{moved}"));
}

/// How many connections slipped while the table was made anew so many times.
fn recreate(fixture: &Fixture, gate: &RwLock<()>, tally: &Tally, old: Old) -> usize {
    let before = tally.counts().1;
    for text in POLICIES.into_iter().cycle().take(ROUNDS) {
        tamper(fixture, gate, old);
        sleep(BETWEEN);
        assert_eq!(fixture.replace(text).outcome, Outcome::Replaced, "{text}");
        sleep(BETWEEN);
    }
    tally.counts().1 - before
}

/// What slips is counted and not forbidden: see `Change::Recreate`.
#[test]
fn a_table_that_is_made_anew_cuts_nothing() {
    let start = Instant::now();
    let mut slipped = Vec::new();
    let found = under_load(|fixture, gate, tally| {
        for old in [Old::InFront, Old::Behind] {
            slipped.push((old, recreate(fixture, gate, tally, old)));
        }
        assert_clean(&fixture.bed.pod, POLICIES[(ROUNDS - 1) % POLICIES.len()]);
    });
    let (made, _, failed) = found.tally.counts();
    println!(
        "{ROUNDS} times each in {:?}: {made} connections captured, slipped {slipped:?}, {failed} \
         without an answer; {} echoes in 4 conversations, {} cut",
        start.elapsed(),
        found.echoes,
        found.cut.len()
    );
    assert_eq!(found.cut, [""; 0]);
    assert_eq!(*found.tally.failed.lock().unwrap(), [""; 0]);
    assert_eq!(found.seen, made + 4);
    assert!(made >= 4 * ROUNDS && found.echoes >= 4 * ROUNDS, "hardly any load");
}
