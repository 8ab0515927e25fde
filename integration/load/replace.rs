//! Five hundred replacements while clients connect as fast as they can: nothing slips, nothing
//! breaks.

use std::time::Instant;

use nftdivert::apply::Outcome;
use nftdivert_integration::fixture::assert_clean;

use crate::scene::{POLICIES, under_load};

const REPLACEMENTS: usize = 500;

#[test]
fn five_hundred_replacements_let_nothing_slip_and_cut_nothing() {
    let start = Instant::now();
    let found = under_load(|fixture, _, _| {
        for text in POLICIES.into_iter().cycle().skip(1).take(REPLACEMENTS) {
            assert_eq!(fixture.replace(text).outcome, Outcome::Replaced, "{text}");
        }
        assert_clean(&fixture.bed.pod, POLICIES[REPLACEMENTS % POLICIES.len()]);
    });
    let (made, slipped, failed) = found.tally.counts();
    println!(
        "{REPLACEMENTS} replacements in {:?}: {made} connections captured, {slipped} slipped, \
         {failed} without an answer; {} echoes in 4 conversations, {} cut",
        start.elapsed(),
        found.echoes,
        found.cut.len()
    );
    assert_eq!((slipped, found.cut.as_slice()), (0, [].as_slice()));
    assert_eq!(*found.tally.failed.lock().unwrap(), [""; 0]);
    // Each that was answered, and the four conversations.
    assert_eq!(found.seen, made + 4);
    assert!(made >= 4 * REPLACEMENTS && found.echoes >= 4 * REPLACEMENTS, "hardly any load");
}
