//! A few values are compared one by one, many are looked up in a set.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::ruleset::build::{RuleBuilder, Side, TCP, UDP, padded_name};
use crate::ruleset::{Interval, Key, KeyType, MetaKey, Name, Rule, Set, SetFlags};
use crate::words::{AddrRange, Address, Cidr, CidrSet, IfName, PortSet, Service};

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
    /// UDP alone.
    Udp,
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
        self.port_rules_after((setting, set_name.into()), ports, of, |rule| rule, end)
    }

    /// The same with `before` in front of the match of ports.
    pub(super) fn port_rules_after(
        &mut self,
        (setting, set_name): (&'static str, Name),
        ports: &PortSet,
        of: PortsOf,
        before: impl Fn(RuleBuilder) -> RuleBuilder,
        end: impl Fn(RuleBuilder) -> Rule,
    ) -> Vec<Rule> {
        let start = |build: &Self| match of {
            PortsOf::Any => before(build.rule(setting)),
            PortsOf::Tcp => before(build.rule(setting)).l4proto(TCP),
            PortsOf::Udp => before(build.rule(setting)).l4proto(UDP),
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

    /// Rules that do `end` with TCP packets from one of the ports.
    pub(super) fn source_port_rules(
        &mut self,
        (setting, set_name): (&'static str, &'static str),
        ports: &PortSet,
        end: impl Fn(RuleBuilder) -> Rule,
    ) -> Vec<Rule> {
        let start = |build: &Self| build.rule(setting).l4proto(TCP);
        if ports.ranges().len() <= FEW {
            let rule = |range: &crate::words::PortRange| {
                end(start(self).sport_between(range.first().get(), range.last().get()))
            };
            return ports.ranges().iter().map(rule).collect();
        }
        let set = self.set(port_set(set_name, ports));
        vec![end(start(self).sport_in(&set))]
    }

    /// Rules that let pass what goes by an excluded interface, which `key` says.
    pub(super) fn excluded_interfaces(&mut self, key: MetaKey) -> Vec<Rule> {
        let names = &self.policy.interfaces.exclude;
        let of = ("interfaces.exclude", "excluded_interfaces");
        self.interface_rules(of, key, names, RuleBuilder::accept)
    }

    /// Rules that do `end` with what comes in by a virtual interface.
    pub(super) fn virtual_interfaces(&mut self, end: impl Fn(RuleBuilder) -> Rule) -> Vec<Rule> {
        let names = &self.policy.interfaces.virtual_;
        let of = ("interfaces.virtual", "virtual_interfaces");
        self.interface_rules(of, MetaKey::IifName, names, end)
    }

    fn interface_rules(
        &mut self,
        (setting, set_name): (&'static str, &'static str),
        key: MetaKey,
        names: &BTreeSet<IfName>,
        end: impl Fn(RuleBuilder) -> Rule,
    ) -> Vec<Rule> {
        if names.len() <= FEW {
            let rule = |name: &IfName| end(self.rule(setting).interface(key, name.as_str()));
            return names.iter().map(rule).collect();
        }
        let numbers = names.iter().map(|name| u128::from_be_bytes(padded_name(name.as_str())));
        let set = self.set(plain_set(set_name, KeyType::IfName, numbers));
        vec![end(self.rule(setting).meta_in(key, &set))]
    }

    /// Rules that do `end` with sockets of one of these users or groups, which `key` says.
    pub(super) fn id_rules(
        &mut self,
        (setting, set_name): (&'static str, &'static str),
        key: MetaKey,
        ids: &[u32],
        end: impl Fn(RuleBuilder) -> Rule,
    ) -> Vec<Rule> {
        if ids.len() <= FEW {
            return ids.iter().map(|id| end(self.rule(setting).id(key, *id))).collect();
        }
        let set = self.id_set(set_name, key, ids);
        vec![end(self.rule(setting).meta_in(key, &set))]
    }

    /// The set of these users or groups, which `key` says.
    pub(super) fn id_set(&mut self, name: &'static str, key: MetaKey, ids: &[u32]) -> Name {
        let kind = if key == MetaKey::SkUid { KeyType::Uid } else { KeyType::Gid };
        self.set(plain_set(name, kind, ids.iter().map(|id| u128::from(*id))))
    }

    /// Rules that do `end` with packets whose address on this side is in one of the ranges, of a
    /// family that is captured.
    pub(super) fn range_rules(
        &mut self,
        (setting, ipv4, ipv6): (&'static str, &'static str, &'static str),
        side: Side,
        ranges: &CidrSet,
        end: impl Fn(RuleBuilder) -> Rule,
    ) -> Vec<Rule> {
        let (ipv4, ipv6) = self.range_sets((ipv4, ipv6), ranges);
        let mut rules = Vec::new();
        rules.extend(ipv4.map(|set| end(self.rule(setting).ip4_in(side, &set))));
        rules.extend(ipv6.map(|set| end(self.rule(setting).ip6_in(side, &set))));
        rules
    }

    /// Rules that do `end` with packets to one of these hosts, of a family that is captured.
    pub(super) fn host_rules(
        &mut self,
        (setting, ipv4, ipv6): (&'static str, &'static str, &'static str),
        hosts: &BTreeSet<IpAddr>,
        end: impl Fn(RuleBuilder) -> Rule,
    ) -> Vec<Rule> {
        let side = Side::Destination;
        if hosts.len() > FEW {
            let ranges = hosts.iter().map(|host| Cidr::from(*host)).collect();
            return self.range_rules((setting, ipv4, ipv6), side, &ranges, end);
        }
        let rule = |host: &IpAddr| match host {
            IpAddr::V4(four) => Some(end(self.rule(setting).ip4(side, *four))),
            IpAddr::V6(six) => {
                self.captures_ipv6().then(|| end(self.rule(setting).ip6(side, *six)))
            }
        };
        hosts.iter().filter_map(rule).collect()
    }

    /// The sets of services: IPv4, and IPv6 if it is captured; none for an empty half.
    pub(super) fn service_sets(
        &mut self,
        services: &BTreeSet<Service>,
    ) -> (Option<Name>, Option<Name>) {
        let of = |is_ipv4: bool| {
            let family = services.iter().filter(move |one| one.address().is_ipv4() == is_ipv4);
            let mut keys: Vec<Interval> = family.map(|one| service_key(*one)).collect();
            keys.sort_unstable();
            keys
        };
        let captured6 = self.captures_ipv6();
        let four = self.service_set("services_ip4", KeyType::Ipv4Service, of(true));
        let six = if captured6 { of(false) } else { Vec::new() };
        (four, self.service_set("services_ip6", KeyType::Ipv6Service, six))
    }

    fn service_set(
        &mut self,
        name: &'static str,
        key: KeyType,
        elements: Vec<Interval>,
    ) -> Option<Name> {
        if elements.is_empty() {
            return None;
        }
        Some(self.set(Set { name: name.into(), key, flags: SetFlags::PLAIN, elements }))
    }

    /// The sets of a list of ranges: IPv4, and IPv6 if it is captured; none for an empty half.
    fn range_sets(
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

/// Address and port, each part padded to 4 bytes.
fn service_key(service: Service) -> Interval {
    let address = match service.address() {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => six.octets().to_vec(),
    };
    let port = service.port().get().to_be_bytes();
    Interval::single(Key::from_bytes([&address[..], &port, &[0, 0]].concat()))
}

fn port_set(name: impl Into<Name>, ports: &PortSet) -> Set {
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
