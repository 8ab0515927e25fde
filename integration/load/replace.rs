//! Hundreds of replacements while clients connect as fast as they can: nothing slips, nothing
//! breaks.

use std::time::Instant;

use nftdivert::apply::Outcome;
use nftdivert_integration::fixture::assert_clean;

use crate::scene::{POLICIES, under_load};

const REPLACEMENTS: usize = 500;

/// Each has sets of its own, by which the clients' connections are captured.
const BY_SETS: [&str; 2] = [
    "inbound: {ports: [80, 443, 3000, 5000, 8080]}\n\
     outbound: {ranges: [192.0.2.0/24, '2001:db8::/32']}",
    "inbound: {ports: [22, 80, 3000, 5000, 8080]}\n\
     outbound: {ranges: [192.0.2.0/25, '2001:db8::/64', '2001:db8:9::/64']}",
];

#[test]
fn five_hundred_replacements_let_nothing_slip_and_cut_nothing() {
    // The pod starts with the first of them.
    replace_by(POLICIES.into_iter().cycle().skip(1));
}

#[test]
fn five_hundred_replacements_of_sets_let_nothing_slip_and_cut_nothing() {
    replace_by(BY_SETS.into_iter().cycle());
}

fn replace_by(policies: impl Iterator<Item = &'static str>) {
    let start = Instant::now();
    let policies: Vec<_> = policies.take(REPLACEMENTS).collect();
    let found = under_load(|fixture, _, _| {
        for text in &policies {
            assert_eq!(fixture.replace(text).outcome, Outcome::Replaced, "{text}");
        }
        assert_clean(&fixture.bed.pod, policies.last().unwrap());
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
