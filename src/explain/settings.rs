//! Which settings the rules come from that were read from the kernel.

use crate::ruleset::Ruleset;

/// What was found, where each rule that the plan has in the same chain says the plan's setting:
/// the kernel does not keep it.
#[must_use]
pub fn with_settings(mut found: Ruleset, planned: &Ruleset) -> Ruleset {
    for chain in &mut found.chains {
        let Some(like) = planned.chain(&chain.name) else { continue };
        for rule in &mut chain.rules {
            if let Some(equal) = like.rules.iter().find(|planned| *planned == rule) {
                rule.setting = equal.setting;
            }
        }
    }
    found
}
