//! Sets, abbreviated.

use super::drawing::SetBlock;
use super::text::{clean, grouped};
use crate::ruleset::{Ruleset, Set, element_texts};

/// So many elements of a set are shown.
const ELEMENTS: usize = 6;
/// So many sets are shown.
const SETS: usize = 12;

/// The sets that are shown, and how many more there are.
pub(super) fn sets(ruleset: &Ruleset) -> (Vec<SetBlock>, usize) {
    let shown = ruleset.sets.iter().take(SETS).map(block).collect();
    (shown, ruleset.sets.len().saturating_sub(SETS))
}

fn block(set: &Set) -> SetBlock {
    let count = set.elements.len();
    let plural = if count == 1 { "" } else { "s" };
    SetBlock {
        name: clean(&set.name),
        kind: format!("{}, {} element{plural}", set.key.name(), grouped(count)),
        elements: element_texts(set).take(ELEMENTS).map(|text| clean(&text)).collect(),
        left_out: count.saturating_sub(ELEMENTS),
    }
}
