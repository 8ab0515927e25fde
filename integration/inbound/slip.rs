//! From mode to mode and back, while clients connect: none of them slips past the proxy.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;

use nftdivert_integration::fixture::put;
use nftdivert_integration::knock::{Tally, knock, ways};

use crate::harness::{OWN, scene};

const MODES: [&str; 3] = ["redirect", "tproxy", "tproxyFast"];
/// Changes of the mode.
const CHANGES: usize = 120;

#[test]
fn no_connection_slips_past_between_two_modes() {
    let fixture = scene("inbound: {mode: redirect}", OWN, &[8080]);
    let left = AtomicUsize::new(CHANGES);
    let tallies = ways().map(|way| (way, Tally::default()));
    scope(|threads| {
        for (way, tally) in &tallies {
            let (bed, left) = (&fixture.bed, &left);
            let goes_on = move || (left.load(Ordering::Relaxed) > 0).then_some(());
            threads.spawn(move || knock(bed, *way, tally, goes_on));
        }
        while left.load(Ordering::Relaxed) > 0 {
            // Every mode after every other one.
            let step = left.load(Ordering::Relaxed);
            let mode = MODES[(step + step / 3 % 2 * (step % 3)) % 3];
            put(&fixture.bed.pod, &format!("inbound: {{mode: {mode}}}")).unwrap();
            left.fetch_sub(1, Ordering::Relaxed);
        }
    });
    for (way, tally) in &tallies {
        let (made, slipped, failed) = tally.counts();
        println!(
            "{way:?}: {made} through the proxy, {slipped} past it, {failed} without an answer"
        );
        assert!(made > CHANGES, "only {made} connections");
        assert_eq!(slipped, 0, "{way:?}");
    }
}
