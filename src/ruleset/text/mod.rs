//! Rulesets in the words of nft, as `nft list ruleset` prints them and `nft -f` reads them.

mod rule;
mod set;
mod value;

pub use rule::rule_text;
pub use set::element_texts;

use std::fmt::Write as _;

use super::{BaseChain, Chain, ChainType, Hook, Policy, Ruleset, Set};

/// `NFT_TABLE_F_DORMANT`.
const DORMANT: u32 = 1;
/// `NFT_TABLE_F_OWNER`.
const OWNER: u32 = 2;

/// The whole table.
#[must_use]
pub fn ruleset_text(ruleset: &Ruleset) -> String {
    let mut out = format!("table inet {} {{\n", ruleset.table);
    let flags = [(DORMANT, "dormant"), (OWNER, "owner")].into_iter();
    let flags: Vec<&str> =
        flags.filter(|(bit, _)| ruleset.flags & bit != 0).map(|(_, name)| name).collect();
    if !flags.is_empty() {
        let _ = writeln!(out, "\tflags {}", flags.join(","));
    }
    if let Some(comment) = &ruleset.comment {
        let _ = writeln!(out, "\tcomment \"{comment}\"");
    }
    let blocks: Vec<String> =
        ruleset.sets.iter().map(set_text).chain(ruleset.chains.iter().map(chain_text)).collect();
    out.push_str(&blocks.join("\n"));
    out.push_str("}\n");
    out
}

fn set_text(set: &Set) -> String {
    let mut out = format!("\tset {} {{\n\t\ttype {}\n", set.name, set.key.name());
    if let Some(size) = set.size() {
        let _ = writeln!(out, "\t\tsize {size}");
    }
    if set.flags.has_intervals() {
        out.push_str("\t\tflags interval\n");
    }
    if !set.elements.is_empty() {
        let elements: Vec<String> = element_texts(set).collect();
        let _ = writeln!(out, "\t\telements = {{ {} }}", elements.join(",\n\t\t\t     "));
    }
    out.push_str("\t}\n");
    out
}

/// A set's name and kind on one line, without its elements.
#[must_use]
pub fn set_head_text(set: &Set) -> String {
    let flags = if set.flags.has_intervals() { " flags interval;" } else { "" };
    format!("set {} {{ type {};{flags} }}", set.name, set.key.name())
}

/// Some of a set's elements on one line, at most `limit`; says how many more there are.
#[must_use]
pub fn elements_text(set: &Set, limit: usize) -> String {
    let mut shown: Vec<String> = element_texts(set).take(limit).collect();
    if set.elements.len() > limit {
        shown.push(format!("and {} more", set.elements.len() - limit));
    }
    shown.join(", ")
}

fn chain_text(chain: &Chain) -> String {
    let mut out = format!("\tchain {} {{\n", chain.name);
    if let Some(comment) = &chain.comment {
        let _ = writeln!(out, "\t\tcomment \"{comment}\"");
    }
    if let Some(base) = &chain.base {
        let _ = writeln!(out, "\t\t{}", base_text(base));
    }
    for rule in &chain.rules {
        let _ = writeln!(out, "\t\t{}", rule_text(rule));
    }
    out.push_str("\t}\n");
    out
}

/// A chain's name and hook on one line, without its rules.
#[must_use]
pub fn chain_head_text(chain: &Chain) -> String {
    match &chain.base {
        Some(base) => format!("chain {} {{ {} }}", chain.name, base_text(base)),
        None => format!("chain {} {{ }}", chain.name),
    }
}

fn base_text(base: &BaseChain) -> String {
    let policy = match base.policy() {
        Policy::Accept => "accept",
        Policy::Drop => "drop",
    };
    format!("type {}; policy {policy};", base_place_text(base))
}

/// Type, hook and priority, such as `nat hook output priority -100`.
#[must_use]
pub fn base_place_text(base: &BaseChain) -> String {
    let kind = match base.kind() {
        ChainType::Filter => "filter",
        ChainType::Nat => "nat",
        ChainType::Route => "route",
        ChainType::Other(name) => name,
    };
    let hook = match base.hook() {
        Hook::Prerouting => "prerouting".to_owned(),
        Hook::Input => "input".to_owned(),
        Hook::Forward => "forward".to_owned(),
        Hook::Output => "output".to_owned(),
        Hook::Postrouting => "postrouting".to_owned(),
        Hook::Other(number) => format!("{number}"),
    };
    format!("{kind} hook {hook} priority {}", priority_text(base))
}

/// Priorities have names where nft 1.0.6 reads them back: `dstnat` in prerouting alone.
fn priority_text(base: &BaseChain) -> String {
    match (base.priority(), base.hook()) {
        (0, _) => "filter".to_owned(),
        (-300, _) => "raw".to_owned(),
        (-150, _) => "mangle".to_owned(),
        (-100, Hook::Prerouting) => "dstnat".to_owned(),
        (number, _) => number.to_string(),
    }
}
