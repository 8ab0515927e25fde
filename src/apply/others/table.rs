//! A table of either kind, in one form: what is judged.

use std::collections::BTreeSet;
use std::fmt;

use crate::net::xtables;
use crate::nft::{Act, ForeignChain, ForeignRule, ForeignTable, TableFamily};

use super::place::Place;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) place: Place,
    pub(super) chains: Vec<Chain>,
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) name: String,
    /// The number of its hook (`enum nf_inet_hooks`), if it is a base chain.
    pub(super) hook: Option<u32>,
    pub(super) rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rule {
    /// The number by which nf_tables deletes it; rules of `iptables-legacy` have none.
    pub(super) handle: u64,
    /// The chains that it leads to.
    pub(super) jumps: Vec<String>,
    /// What it does to connections.
    pub(super) effects: BTreeSet<Effect>,
    /// The port of a REDIRECT of iptables.
    pub(super) port: Option<u16>,
    /// Whether this is what iptables-legacy ends a chain with, and no rule of anybody's.
    pub(super) is_policy: bool,
}

/// What a rule does to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Sends them to a port of this namespace.
    Redirect,
    /// Sends them to another address.
    Dnat,
    /// Hands them to a socket of this namespace as they are.
    Tproxy,
    /// Keeps conntrack, and with it NAT, off them.
    Notrack,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect => "redirect",
            Self::Dnat => "dnat",
            Self::Tproxy => "tproxy",
            Self::Notrack => "notrack",
        })
    }
}

/// What a target extension of iptables does to connections.
fn effect(name: &str, info: &[u8]) -> Option<Effect> {
    match name {
        "REDIRECT" => Some(Effect::Redirect),
        "DNAT" => Some(Effect::Dnat),
        "TPROXY" => Some(Effect::Tproxy),
        "NOTRACK" => Some(Effect::Notrack),
        // `struct xt_ct_target_info` begins with flags of 2 bytes; 1 is `XT_CT_NOTRACK`.
        "CT" => match info {
            [first, second, ..] => {
                let flags = u16::from_ne_bytes([*first, *second]);
                (flags & 1 != 0).then_some(Effect::Notrack)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The one port that a REDIRECT of iptables leads to. IPv4 has
/// `struct nf_nat_ipv4_multi_range_compat` there, IPv6 `struct nf_nat_range`.
pub(super) fn redirect_port(family: TableFamily, name: &str, info: &[u8]) -> Option<u16> {
    let at = match family {
        TableFamily::Ip => 16,
        TableFamily::Ip6 => 36,
        TableFamily::Inet => return None,
    };
    let port = |at: usize| Some(u16::from_be_bytes(info.get(at..at + 2)?.try_into().ok()?));
    let (first, last) = (port(at)?, port(at + 2)?);
    (name == "REDIRECT" && first == last).then_some(first)
}

impl Table {
    pub(super) fn of_nft(table: &ForeignTable) -> Self {
        let chains = table.chains.iter().map(|c| Chain::of_nft(c, table.name.family)).collect();
        Self { place: Place::of_nft(table), chains }
    }

    pub(super) fn of_legacy(table: &xtables::Table, chains: Vec<xtables::Chain>) -> Self {
        let place = Place::of_legacy(table);
        let family = place.table.family;
        let chains = chains.into_iter().map(|c| Chain::of_legacy(c, family)).collect();
        Self { place, chains }
    }
}

impl Chain {
    fn of_nft(chain: &ForeignChain, family: TableFamily) -> Self {
        Self {
            name: chain.name.clone(),
            hook: chain.base.as_ref().map(|base| base.hook),
            rules: chain.rules.iter().map(|r| Rule::of_nft(r, family)).collect(),
        }
    }

    fn of_legacy(chain: xtables::Chain, family: TableFamily) -> Self {
        let hook = chain.hook.and_then(|hook| u32::try_from(hook).ok());
        let mut rules: Vec<Rule> =
            chain.rules.into_iter().map(|r| Rule::of_legacy(r, family)).collect();
        if let Some(last) = rules.last_mut() {
            last.is_policy = true;
        }
        Self { name: chain.name, hook, rules }
    }
}

impl Rule {
    fn of_nft(rule: &ForeignRule, family: TableFamily) -> Self {
        let mut found = Self { handle: rule.handle, ..Self::default() };
        for act in &rule.acts {
            let effect = match act {
                Act::Jump(chain) => {
                    found.jumps.push(chain.clone());
                    None
                }
                Act::Redirect => Some(Effect::Redirect),
                Act::Dnat => Some(Effect::Dnat),
                Act::Tproxy => Some(Effect::Tproxy),
                Act::Notrack => Some(Effect::Notrack),
                Act::Compat { name, info } => {
                    found.port = found.port.or(redirect_port(family, name, info));
                    effect(name, info)
                }
            };
            found.effects.extend(effect);
        }
        found
    }

    fn of_legacy(rule: xtables::Rule, family: TableFamily) -> Self {
        match rule.target {
            xtables::Target::Verdict => Self::default(),
            xtables::Target::Jump(chain) => Self { jumps: vec![chain], ..Self::default() },
            xtables::Target::Extension { name, info } => {
                let effects = effect(&name, &info).into_iter().collect();
                Self { effects, port: redirect_port(family, &name, &info), ..Self::default() }
            }
        }
    }
}
