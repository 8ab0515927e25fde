//! What the pod sends: chain `output` and the two that it leads to.
//!
//! Lines that let a packet pass may stand in any order among themselves; each of them stands
//! before the first redirect that it guards against.

use crate::policy::OutboundRanges;
use crate::ruleset::build::{RuleBuilder, Side, TCP};
use crate::ruleset::{BaseChain, Chain, MetaKey, Rule, Verdict};

use super::Build;
use super::few::PortsOf;

/// Chain for what leaves by `lo`.
const LOOPBACK: &str = "loopback";
/// Chain for what the proxy sends by `lo`.
const SELF_CALL: &str = "self_call";

pub(super) fn add(build: &mut Build<'_>) {
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.extend(passed_always(build));
    rules.push(by_loopback(build));
    let captured = captured(build);
    if !captured.is_empty() {
        rules.extend(build.proxy_rules(RuleBuilder::accept));
        rules.extend(passed_ranges(build));
        rules.extend(captured);
    }
    let self_call = self_call(build);
    let loopback = loopback(build);
    build.chains.extend([chain(SELF_CALL, None, self_call), chain(LOOPBACK, None, loopback)]);
    build.chains.push(chain("output", Some(BaseChain::nat_output()), rules));
}

fn chain(name: &'static str, base: Option<BaseChain>, rules: Vec<Rule>) -> Chain {
    Chain { name: name.into(), base, comment: None, rules }
}

/// Excluded interfaces and ports, and connections to the loopback address.
fn passed_always(build: &mut Build<'_>) -> Vec<Rule> {
    let policy = build.policy;
    let mut rules = build.excluded_interfaces(MetaKey::OifName);
    rules.extend(build.port_rules(
        ("outbound.excludePorts", "outbound_excluded_ports"),
        &policy.outbound.exclude_ports,
        PortsOf::Any,
        RuleBuilder::accept,
    ));
    let loopback = &policy.outbound.loopback;
    let rule = build.rule("outbound.loopback");
    let (network, bits) = (loopback.range().first(), loopback.prefix_len());
    rules.push(rule.ip4_prefix(Side::Destination, network, bits).accept());
    if build.captures_ipv6() {
        let rule = build.rule("outbound.loopback");
        rules.push(rule.ip6(Side::Destination, std::net::Ipv6Addr::LOCALHOST).accept());
    }
    rules
}

/// What leaves by `lo` is decided in a chain of its own. It comes back only if the app's calls
/// over `lo` are to be captured, because loopback addresses are in the included ranges.
fn by_loopback(build: &Build<'_>) -> Rule {
    let comes_back = match &build.policy.outbound.ranges {
        OutboundRanges::All => false,
        OutboundRanges::Only(ranges) => ranges.names_loopback(),
    };
    let verdict =
        if comes_back { Verdict::Jump(LOOPBACK.into()) } else { Verdict::Goto(LOOPBACK.into()) };
    build.rule("proxy").oif_lo().verdict(verdict)
}

/// The proxy's passthrough to the app passes; other connections of the proxy are calls of the
/// pod to itself.
fn loopback(build: &mut Build<'_>) -> Vec<Rule> {
    let source = build.policy.proxy.passthrough;
    let setting = "proxy.passthroughSource";
    let mut rules = vec![build.rule(setting).ip4(Side::Source, source.ipv4).accept()];
    if build.captures_ipv6() {
        rules.push(build.rule(setting).ip6(Side::Source, source.ipv6).accept());
    }
    let to_self_call = |rule: RuleBuilder| rule.verdict(Verdict::Goto(SELF_CALL.into()));
    rules.extend(build.proxy_rules(to_self_call));
    rules
}

fn self_call(build: &Build<'_>) -> Vec<Rule> {
    let ports = build.policy.proxy.ports;
    let rule = build.rule("proxy.ports.inbound").l4proto(TCP).dport_not(ports.tunnel.get());
    vec![rule.redirect(ports.inbound.get())]
}

fn passed_ranges(build: &mut Build<'_>) -> Vec<Rule> {
    let names = ("outbound_excluded_ip4", "outbound_excluded_ip6");
    let (ipv4, ipv6) = build.range_sets(names, &build.policy.outbound.exclude_ranges);
    let rule = |build: &Build<'_>| build.rule("outbound.excludeRanges");
    let mut rules = Vec::new();
    rules.extend(ipv4.map(|set| rule(build).ip4_in(Side::Destination, &set).accept()));
    rules.extend(ipv6.map(|set| rule(build).ip6_in(Side::Destination, &set).accept()));
    rules
}

fn captured(build: &mut Build<'_>) -> Vec<Rule> {
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
    let (ipv4, ipv6) = build.range_sets(("outbound_ip4", "outbound_ip6"), ranges.ranges());
    let rule = |build: &Build<'_>| build.rule("outbound.ranges");
    rules.extend(
        ipv4.map(|set| rule(build).ip4_in(Side::Destination, &set).l4proto(TCP).redirect(port)),
    );
    rules.extend(
        ipv6.map(|set| rule(build).ip6_in(Side::Destination, &set).l4proto(TCP).redirect(port)),
    );
    rules
}
