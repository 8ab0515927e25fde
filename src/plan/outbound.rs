//! What the pod sends: chain `output` and those that it leads to.
//!
//! Lines that let a packet pass may stand in any order among themselves; each of them stands
//! before the first redirect that it guards against.

use crate::policy::{Dns, OutboundRanges};
use crate::ruleset::build::{RuleBuilder, Side, TCP};
use crate::ruleset::{BaseChain, MetaKey, Rule, Verdict};

use super::few::PortsOf;
use super::loopback::{self, LOOPBACK};
use super::{Build, dns};

pub(super) fn add(build: &mut Build<'_>) {
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.extend(passed_ports(build));
    rules.extend(dns::jump(build));
    rules.extend(to_loopback(build));
    rules.push(by_loopback(build));
    let captured = captured(build);
    if !captured.is_empty() {
        rules.extend(build.proxy_rules(RuleBuilder::accept));
        rules.extend(build.excluded_groups());
        rules.extend(passed_ranges(build));
        rules.extend(captured);
    }
    loopback::add(build);
    build.chain("output", Some(BaseChain::nat_output()), rules);
}

/// Rules that let pass excluded interfaces and ports.
pub(super) fn passed_ports(build: &mut Build<'_>) -> Vec<Rule> {
    let policy = build.policy;
    let mut rules = build.excluded_interfaces(MetaKey::OifName);
    rules.extend(build.port_rules(
        ("outbound.excludePorts", "outbound_excluded_ports"),
        &policy.outbound.exclude_ports,
        PortsOf::Any,
        RuleBuilder::accept,
    ));
    rules.extend(build.excluded_ports_by_uid());
    rules
}

/// Rules that let pass connections to the loopback address.
pub(super) fn to_loopback(build: &Build<'_>) -> Vec<Rule> {
    let loopback = &build.policy.outbound.loopback;
    let rule = build.rule("outbound.loopback");
    let (network, bits) = (loopback.range().first(), loopback.prefix_len());
    let mut rules = vec![rule.ip4_prefix(Side::Destination, network, bits).accept()];
    if build.captures_ipv6() {
        let rule = build.rule("outbound.loopback");
        rules.push(rule.ip6(Side::Destination, std::net::Ipv6Addr::LOCALHOST).accept());
    }
    rules
}

/// What leaves by `lo` is decided in a chain of its own. It comes back only if the app's calls
/// over `lo` are to be captured, because loopback addresses are in the included ranges. Name
/// queries to servers that are not listed go on like everything else.
fn by_loopback(build: &Build<'_>) -> Rule {
    let comes_back = match &build.policy.outbound.ranges {
        OutboundRanges::All => false,
        OutboundRanges::Only(ranges) => ranges.names_loopback(),
    };
    let verdict =
        if comes_back { Verdict::Jump(LOOPBACK.into()) } else { Verdict::Goto(LOOPBACK.into()) };
    let rule = build.rule("proxy").oif_lo();
    match &build.policy.dns {
        Dns::Listed(_) => rule.dport_not(dns::PORT).verdict(verdict),
        Dns::Off | Dns::All => rule.verdict(verdict),
    }
}

/// Rules that let pass excluded ranges.
pub(super) fn passed_ranges(build: &mut Build<'_>) -> Vec<Rule> {
    let names = ("outbound.excludeRanges", "outbound_excluded_ip4", "outbound_excluded_ip6");
    let ranges = &build.policy.outbound.exclude_ranges;
    build.range_rules(names, Side::Destination, ranges, RuleBuilder::accept)
}

/// Rules that send what is captured to the outbound port.
pub(super) fn captured(build: &mut Build<'_>) -> Vec<Rule> {
    let policy = build.policy;
    let port = policy.proxy.ports.outbound.get();
    let OutboundRanges::Only(ranges) = &policy.outbound.ranges else {
        return vec![build.rule("outbound.ranges").l4proto(TCP).redirect(port)];
    };
    let mut rules = build.port_rules(
        ("outbound.includePorts", "outbound_ports"),
        &policy.outbound.include_ports,
        PortsOf::Tcp,
        |rule| rule.redirect(port),
    );
    let names = ("outbound.ranges", "outbound_ip4", "outbound_ip6");
    rules.extend(build.range_rules(names, Side::Destination, ranges.ranges(), |rule| {
        rule.l4proto(TCP).redirect(port)
    }));
    let (ipv4, ipv6) = build.service_sets(&policy.outbound.services);
    let rule = |build: &Build<'_>| build.rule("outbound.services");
    rules.extend(ipv4.map(|set| rule(build).service4_in(&set).redirect(port)));
    rules.extend(ipv6.map(|set| rule(build).service6_in(&set).redirect(port)));
    rules
}
