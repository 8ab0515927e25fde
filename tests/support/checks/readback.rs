//! A table that was read back can be printed, compared and changed, and its rules can be written.
#![allow(clippy::unwrap_used, reason = "a check that does not hold ends here")]

use nftdivert::nft::Batch;
use nftdivert::plan::{HostFacts, plan};
use nftdivert::policy::CapturePolicy;
use nftdivert::ruleset::{Change, Rewrite, Ruleset, differences, ruleset_text};

use super::assemble::assemble;

/// Longer input may not fit into attributes of 64 KiB when it is written again.
const LONGEST: usize = 16 * 1024;

/// Checks messages, one after the other.
pub(crate) fn check(bytes: &[u8]) {
    let Some(found) = assemble(bytes) else { return };
    let wanted = plan(&CapturePolicy::default(), &HostFacts::default()).unwrap().ruleset;
    assert!(ruleset_text(&found).starts_with("table inet "));
    let _ = found.clone().validated();
    for (wanted, found) in [(&wanted, &found), (&found, &wanted), (&found, &found)] {
        check_change(wanted, found);
    }
    if bytes.len() <= LONGEST {
        check_rules(&found);
    }
}

/// What differs is changed, and what is changed differs.
fn check_change(wanted: &Ruleset, found: &Ruleset) {
    let differ = !differences(wanted, found).is_empty();
    match Change::between(wanted, found) {
        Change::Nothing => assert!(!differ, "{:#?}", differences(wanted, found)),
        Change::Rewrite(rewrite) => {
            assert!(differ && rewrite != Rewrite::default());
            let mut batch = Batch::new(Some(7));
            batch.rewrite(&wanted.table, &rewrite);
            assert!(!batch.seal().bytes().is_empty());
        }
        Change::Recreate => assert!(differ),
    }
}

/// Rules that are written as they were read are read as they were written.
fn check_rules(found: &Ruleset) {
    let mut batch = Batch::new(None);
    batch.create(found);
    let again = assemble(batch.seal().bytes()).unwrap();
    let rules = |ruleset: &Ruleset| ruleset.rules().cloned().collect::<Vec<_>>();
    assert_eq!(rules(&again), rules(found));
}
