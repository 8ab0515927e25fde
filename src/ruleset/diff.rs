//! What differs between the ruleset that should be and the one that was found, in nft syntax.

use serde::Serialize;

use super::text::{chain_head_text, elements_text, rule_text, set_head_text};
use super::{Chain, Interval, Rule, Ruleset, Set};

/// How many elements of a set a difference shows.
const SHOWN_ELEMENTS: usize = 8;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Where: `table inet nftdivert`, `set x`, `chain output, rule 3`.
    pub object: String,
    /// What should be there; none if the thing should not be there at all.
    pub wanted: Option<String>,
    /// What is there; none if it is missing.
    pub found: Option<String>,
}

impl Difference {
    fn new(object: String, wanted: Option<String>, found: Option<String>) -> Self {
        Self { object, wanted, found }
    }
}

/// Every difference, in the order in which the objects stand; none if both act alike.
#[must_use]
pub fn differences(wanted: &Ruleset, found: &Ruleset) -> Vec<Difference> {
    let mut all = Vec::new();
    if wanted.flags != found.flags {
        let text = |flags: u32| Some(flags_text(flags));
        let object = format!("table inet {}", wanted.table);
        all.push(Difference::new(object, text(wanted.flags), text(found.flags)));
    }
    for set in &wanted.sets {
        all.extend(set_difference(set, found.set(&set.name)));
    }
    for set in found.sets.iter().filter(|set| wanted.set(&set.name).is_none()) {
        let object = format!("set {}", set.name);
        all.push(Difference::new(object, None, Some(set_head_text(set))));
    }
    for chain in &wanted.chains {
        all.extend(chain_differences(chain, found.chain(&chain.name)));
    }
    for chain in found.chains.iter().filter(|chain| wanted.chain(&chain.name).is_none()) {
        let object = format!("chain {}", chain.name);
        all.push(Difference::new(object, None, Some(chain_head_text(chain))));
    }
    all
}

fn flags_text(flags: u32) -> String {
    match flags {
        0 => "no flags".to_owned(),
        1 => "flags dormant (switched off)".to_owned(),
        other => format!("flags {other:#x}"),
    }
}

fn set_difference(wanted: &Set, found: Option<&Set>) -> Option<Difference> {
    let object = format!("set {}", wanted.name);
    let Some(found) = found else {
        return Some(Difference::new(object, Some(set_head_text(wanted)), None));
    };
    if wanted.key != found.key || wanted.flags != found.flags {
        let heads = (set_head_text(wanted), set_head_text(found));
        return Some(Difference::new(object, Some(heads.0), Some(heads.1)));
    }
    if wanted.elements == found.elements {
        return None;
    }
    let only = |these: &Set, others: &Set| {
        let elements = absent(&these.elements, &others.elements);
        let part = Set { elements, ..these.clone() };
        let some = !part.elements.is_empty();
        some.then(|| format!("elements {{ {} }}", elements_text(&part, SHOWN_ELEMENTS)))
    };
    Some(Difference::new(object, only(wanted, found), only(found, wanted)))
}

/// Those of `these` that are not among `others`; both are sorted.
fn absent(these: &[Interval], others: &[Interval]) -> Vec<Interval> {
    these.iter().filter(|interval| others.binary_search(interval).is_err()).copied().collect()
}

fn chain_differences(wanted: &Chain, found: Option<&Chain>) -> Vec<Difference> {
    let object = format!("chain {}", wanted.name);
    let Some(found) = found else {
        let rules = wanted.rules.iter().map(rule_text).collect::<Vec<_>>().join("; ");
        let text = format!("{} with {rules}", chain_head_text(wanted));
        return vec![Difference::new(object, Some(text), None)];
    };
    let mut all = Vec::new();
    if wanted.base != found.base {
        let heads = (chain_head_text(wanted), chain_head_text(found));
        all.push(Difference::new(object, Some(heads.0), Some(heads.1)));
    }
    all.extend(rule_differences(wanted, found));
    all
}

/// Compares rule by rule along the longest common part, so that one rule too many is one
/// difference and not one for each rule behind it.
fn rule_differences(wanted: &Chain, found: &Chain) -> Vec<Difference> {
    let (left, right) = (&wanted.rules, &found.rules);
    if left == right {
        return Vec::new();
    }
    let common = common_lengths(left, right);
    let length =
        |i: usize, j: usize| common.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    let mut all = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < left.len() || j < right.len() {
        match (left.get(i), right.get(j)) {
            (Some(a), Some(b)) if a == b => (i, j) = (i + 1, j + 1),
            (Some(a), Some(b)) if rule_text(a) == rule_text(b) => {
                let object = format!("chain {}, rule {}", wanted.name, i + 1);
                all.push(Difference::new(object, Some(raw_text(a, b)), Some(raw_text(b, a))));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), b) if b.is_none() || length(i + 1, j) >= length(i, j + 1) => {
                let object = format!("chain {}, rule {}", wanted.name, i + 1);
                all.push(Difference::new(object, Some(rule_text(a)), None));
                i += 1;
            }
            (_, Some(b)) => {
                let object = format!("chain {}, rule {}", wanted.name, j + 1);
                all.push(Difference::new(object, None, Some(rule_text(b))));
                j += 1;
            }
            (_, None) => i += 1,
        }
    }
    all
}

/// A rule that another one equals in words but not in what it does: its words, and its first
/// expression that the other has not.
fn raw_text(rule: &Rule, other: &Rule) -> String {
    let different = rule.exprs.iter().zip(&other.exprs).find(|(a, b)| a != b);
    match different {
        Some((expr, _)) => format!("{} [{expr:?}]", rule_text(rule)),
        None => format!("{} [{} expressions]", rule_text(rule), rule.exprs.len()),
    }
}

/// `lengths[i][j]`: how many rules of `left[i..]` and `right[j..]` are common, in order.
fn common_lengths(left: &[Rule], right: &[Rule]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, a) in left.iter().enumerate().rev() {
        for (j, b) in right.iter().enumerate().rev() {
            lengths[i][j] = if a == b {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::super::build::{Counted, RuleBuilder};
    use super::super::{BaseChain, KeyType, SetFlags};
    use super::*;

    fn port_rule(port: u16) -> Rule {
        RuleBuilder::new("test", Counted::No).dport_between(port, port).accept()
    }

    fn table(ports: &[u16], elements: &[u128]) -> Ruleset {
        let set = Set {
            name: "s".into(),
            key: KeyType::InetService,
            flags: SetFlags::INTERVAL,
            elements: elements.iter().map(|port| Interval::single(*port)).collect(),
        };
        let chain = Chain {
            name: "c".into(),
            base: Some(BaseChain::nat_output()),
            comment: None,
            rules: ports.iter().map(|port| port_rule(*port)).collect(),
        };
        Ruleset { table: "t".into(), comment: None, flags: 0, sets: vec![set], chains: vec![chain] }
    }

    #[test]
    fn one_rule_too_many_is_one_difference() {
        let found = differences(&table(&[1, 2, 3], &[]), &table(&[9, 1, 2, 3], &[]));
        assert_eq!(
            found,
            vec![Difference::new("chain c, rule 1".into(), None, Some("th dport 9 accept".into()))]
        );
    }

    #[test]
    fn a_changed_rule_shows_both_sides_and_a_lost_one_is_missing() {
        let found = differences(&table(&[1, 2, 3], &[]), &table(&[1, 7], &[]));
        let texts: Vec<_> =
            found.iter().map(|d| (d.wanted.as_deref(), d.found.as_deref())).collect();
        assert!(texts.contains(&(Some("th dport 2 accept"), None)), "{texts:?}");
        assert!(texts.contains(&(Some("th dport 3 accept"), None)), "{texts:?}");
        assert!(texts.contains(&(None, Some("th dport 7 accept"))), "{texts:?}");
    }

    #[test]
    fn rules_that_differ_only_in_what_words_leave_out_show_it() {
        use super::super::{Expr, MetaKey, Reg};
        let unread = |key| Expr::Meta { key, dreg: Reg(2) };
        let rule = |key| Rule { exprs: vec![unread(key)], setting: "" };
        let mut wanted = table(&[], &[]);
        let mut found = wanted.clone();
        wanted.chains[0].rules = vec![rule(MetaKey::Iif)];
        found.chains[0].rules = vec![rule(MetaKey::Oif)];
        let found = differences(&wanted, &found);
        assert_eq!(found.len(), 1);
        assert!(found[0].wanted.as_ref().unwrap().contains("Iif"), "{found:?}");
        assert!(found[0].found.as_ref().unwrap().contains("Oif"), "{found:?}");
    }

    #[test]
    fn set_elements_are_told_apart_one_by_one() {
        let found = differences(&table(&[], &[1, 2]), &table(&[], &[2, 3]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].wanted.as_deref(), Some("elements { 1 }"));
        assert_eq!(found[0].found.as_deref(), Some("elements { 3 }"));
    }

    #[test]
    fn a_sleeping_table_and_a_lost_chain_differ() {
        let wanted = table(&[1], &[]);
        let mut found = wanted.clone();
        assert_eq!(differences(&wanted, &found), vec![]);
        found.flags = 1;
        found.chains.clear();
        let found = differences(&wanted, &found);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].found.as_deref(), Some("flags dormant (switched off)"));
        assert_eq!(found[1].object, "chain c");
    }
}
