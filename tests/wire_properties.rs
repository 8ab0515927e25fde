//! Any ruleset, with expressions that no plan makes too, is read as it was written.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::nft::Batch;
use nftdivert::ruleset::{Ruleset, ruleset_text};
use proptest::prelude::*;

#[path = "support/checks/assemble.rs"]
mod assemble;
#[path = "support/rulesets.rs"]
mod rulesets;

fn sent(ruleset: &Ruleset) -> Vec<u8> {
    let mut batch = Batch::new(None);
    batch.create(ruleset);
    batch.seal().bytes().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read(ruleset in rulesets::ruleset()) {
        let read = assemble::assemble(&sent(&ruleset)).unwrap();
        prop_assert_eq!(&read, &ruleset);
        prop_assert_eq!(ruleset_text(&read), ruleset_text(&ruleset));
    }

    #[test]
    fn a_cut_or_flipped_batch_never_panics(
        ruleset in rulesets::ruleset(),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let mut bytes = sent(&ruleset);
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let _ = assemble::assemble(&bytes).map(|read| ruleset_text(&read));
        let _ = assemble::assemble(&bytes[..place]).map(|read| ruleset_text(&read));
    }
}
