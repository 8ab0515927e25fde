//! A few values are compared one by one, many are looked up in a set.

use crate::ruleset::build::{RuleBuilder, TCP, padded_name};
use crate::ruleset::{Interval, KeyType, MetaKey, Name, Rule, Set, SetFlags};
use crate::words::{AddrRange, Address, CidrSet, Gid, IfName, PortSet, Uid};

use super::Build;

/// Up to so many values are compared: a set costs a commit as much as some ten expressions, and a
/// packet about as much as four comparisons.
const FEW: usize = 4;

/// Which protocols a port match sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PortsOf {
    /// Whatever has ports; for rules that let pass what is not captured anyway.
    Any,
    /// TCP alone.
    Tcp,
}

impl Build<'_> {
    /// Rules that do `end` with packets to one of the ports.
    pub(super) fn port_rules(
        &mut self,
        (setting, set_name): (&'static str, &'static str),
        ports: &PortSet,
        of: PortsOf,
        end: impl Fn(RuleBuilder) -> Rule,
    ) -> Vec<Rule> {
        let start = |build: &Self| match of {
            PortsOf::Any => build.rule(setting),
            PortsOf::Tcp => build.rule(setting).l4proto(TCP),
        };
        if ports.ranges().len() <= FEW {
            let rule = |range: &crate::words::PortRange| {
                end(start(self).dport_between(range.first().get(), range.last().get()))
            };
            return ports.ranges().iter().map(rule).collect();
        }
        let set = self.set(port_set(set_name, ports));
        vec![end(start(self).dport_in(&set))]
    }

    /// Rules that let pass what goes by an excluded interface, which `key` says.
    pub(super) fn excluded_interfaces(&mut self, key: MetaKey) -> Vec<Rule> {
        let setting = "interfaces.exclude";
        let names = &self.policy.exclude_interfaces;
        if names.len() <= FEW {
            let rule = |name: &IfName| self.rule(setting).interface(key, name.as_str()).accept();
            return names.iter().map(rule).collect();
        }
        let numbers = names.iter().map(|name| u128::from_be_bytes(padded_name(name.as_str())));
        let set = self.set(plain_set("excluded_interfaces", KeyType::IfName, numbers));
        vec![self.rule(setting).meta_in(key, &set).accept()]
    }

    /// Rules that do `end` with packets of the proxy's sockets.
    pub(super) fn proxy_rules(&mut self, end: impl Fn(RuleBuilder) -> Rule) -> Vec<Rule> {
        let identity = &self.policy.proxy.identity;
        let uids: Vec<u32> = identity.uids().iter().copied().map(Uid::get).collect();
        let gids: Vec<u32> = identity.gids().iter().copied().map(Gid::get).collect();
        let mut rules = self.id_rules(("proxy.uids", "proxy_uids"), MetaKey::SkUid, &uids, &end);
        rules.extend(self.id_rules(("proxy.gids", "proxy_gids"), MetaKey::SkGid, &gids, &end));
        rules
    }

    fn id_rules(
        &mut self,
        (setting, set_name): (&'static str, &'static str),
        key: MetaKey,
        ids: &[u32],
        end: &impl Fn(RuleBuilder) -> Rule,
    ) -> Vec<Rule> {
        if ids.len() <= FEW {
            return ids.iter().map(|id| end(self.rule(setting).id(key, *id))).collect();
        }
        let kind = if key == MetaKey::SkUid { KeyType::Uid } else { KeyType::Gid };
        let set = self.set(plain_set(set_name, kind, ids.iter().map(|id| u128::from(*id))));
        vec![end(self.rule(setting).meta_in(key, &set))]
    }

    /// The sets of a list of ranges: IPv4, and IPv6 if it is captured; none for an empty half.
    pub(super) fn range_sets(
        &mut self,
        (ipv4, ipv6): (&'static str, &'static str),
        ranges: &CidrSet,
    ) -> (Option<Name>, Option<Name>) {
        let elements4: Vec<Interval> = ranges.ipv4().iter().map(address_interval).collect();
        let elements6: Vec<Interval> = ranges.ipv6().iter().map(address_interval).collect();
        let captured6 = self.captures_ipv6();
        (
            self.range_set(ipv4, KeyType::Ipv4Addr, elements4),
            captured6.then(|| self.range_set(ipv6, KeyType::Ipv6Addr, elements6)).flatten(),
        )
    }

    fn range_set(
        &mut self,
        name: &'static str,
        key: KeyType,
        elements: Vec<Interval>,
    ) -> Option<Name> {
        if elements.is_empty() {
            return None;
        }
        Some(self.set(Set { name: name.into(), key, flags: SetFlags::INTERVAL, elements }))
    }
}

fn address_interval<A: Address>(range: &AddrRange<A>) -> Interval {
    Interval::between(range.first().number(), range.last().number())
}

fn port_set(name: &'static str, ports: &PortSet) -> Set {
    let elements = ports
        .ranges()
        .iter()
        .map(|range| {
            Interval::between(u128::from(range.first().get()), u128::from(range.last().get()))
        })
        .collect();
    Set { name: name.into(), key: KeyType::InetService, flags: SetFlags::INTERVAL, elements }
}

fn plain_set(name: &'static str, key: KeyType, values: impl Iterator<Item = u128>) -> Set {
    let mut elements: Vec<Interval> = values.map(Interval::single).collect();
    elements.sort_unstable();
    Set { name: name.into(), key, flags: SetFlags::PLAIN, elements }
}
