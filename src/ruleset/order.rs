//! The order in which the kernel asks base chains.

use std::cmp::Reverse;

use super::{BaseChain, Chain, ChainType, Hook, Ruleset};

/// `NF_IP_PRI_NAT_DST`: all nat chains that rewrite destinations run there, in the order of their
/// own priorities (`nf_nat_register_fn`, Linux 4.18).
const NAT_DST: i32 = -100;
/// `NF_IP_PRI_NAT_SRC`, likewise for sources.
const NAT_SRC: i32 = 100;

impl Ruleset {
    /// The base chains on a hook, in the kernel's order: of two with the same priority the newer
    /// one comes first (`nf_hook_entries_grow`).
    #[must_use]
    pub fn base_chains(&self, hook: Hook) -> Vec<(&Chain, &BaseChain)> {
        let mut chains = Vec::new();
        for (age, chain) in self.chains.iter().enumerate() {
            let base = chain.base.as_ref().filter(|base| base.hook() == hook);
            chains.extend(base.map(|base| (age, (chain, base))));
        }
        chains.sort_by_key(|(age, (_, base))| (runs_at(base), base.priority(), Reverse(*age)));
        chains.into_iter().map(|(_, chain)| chain).collect()
    }
}

fn runs_at(base: &BaseChain) -> i32 {
    match (base.kind(), base.hook()) {
        (ChainType::Nat, Hook::Prerouting | Hook::Output) => NAT_DST,
        (ChainType::Nat, _) => NAT_SRC,
        (ChainType::Filter | ChainType::Route | ChainType::Other(_), _) => base.priority(),
    }
}
