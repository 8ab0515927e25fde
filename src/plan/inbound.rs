//! What comes to the pod: chain `prerouting`.

use crate::policy::{InboundMode, InboundPorts};
use crate::ruleset::build::{RuleBuilder, Side, TCP};
use crate::ruleset::{BaseChain, MetaKey, Rule, Verdict};
use crate::words::{Port, PortRange, PortSet};

use super::few::PortsOf;
use super::{Build, outbound};

/// Chain for what comes in by a virtual interface.
const VIRTUAL: &str = "virtual";

pub(super) fn add(build: &mut Build<'_>) {
    drop_invalid(build);
    let mut decided = from_virtual(build);
    if build.policy.inbound.mode == InboundMode::Redirect {
        let captured = captured(build);
        if !captured.is_empty() {
            decided.extend(passed_sources(build));
            decided.extend(captured);
        }
    }
    if decided.is_empty() {
        return;
    }
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.extend(build.excluded_interfaces(MetaKey::IifName));
    rules.extend(decided);
    build.chain("prerouting", Some(BaseChain::nat_prerouting()), rules);
}

fn drop_invalid(build: &mut Build<'_>) {
    if !build.policy.inbound.drop_invalid {
        return;
    }
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.extend(build.excluded_interfaces(MetaKey::IifName));
    rules.push(build.rule("inbound.dropInvalid").ct_invalid().verdict(Verdict::Drop));
    build.chain("drop_invalid", Some(BaseChain::mangle_prerouting()), rules);
}

/// What comes from a machine inside the pod is treated as what the app sends.
fn from_virtual(build: &mut Build<'_>) -> Vec<Rule> {
    if build.policy.interfaces.virtual_.is_empty() {
        return Vec::new();
    }
    let mut rules = outbound::passed_ranges(build);
    rules.extend(outbound::captured(build));
    build.chain(VIRTUAL, None, rules);
    build.virtual_interfaces(|rule| rule.verdict(Verdict::Goto(VIRTUAL.into())))
}

/// Rules that let pass excluded clients.
pub(super) fn passed_sources(build: &mut Build<'_>) -> Vec<Rule> {
    let names = ("inbound.excludeSources", "excluded_sources_ip4", "excluded_sources_ip6");
    let ranges = &build.policy.inbound.exclude_sources;
    build.range_rules(names, Side::Source, ranges, RuleBuilder::accept)
}

fn captured(build: &mut Build<'_>) -> Vec<Rule> {
    let inbound = build.policy.proxy.ports.inbound.get();
    match ports(build) {
        Ports::AllExcept(passed) => {
            let mut rules = passed_ports(build, &passed);
            rules.push(build.rule("inbound.ports").l4proto(TCP).redirect(inbound));
            rules
        }
        Ports::Only(ports) => {
            let names = ("inbound.ports", "inbound_ports");
            build.port_rules(names, &ports, PortsOf::Tcp, |rule| rule.redirect(inbound))
        }
    }
}

/// Which ports are captured.
pub(super) enum Ports {
    /// All but these.
    AllExcept(PortSet),
    /// These.
    Only(PortSet),
}

/// The tunnel port is never captured, whatever the ports say.
pub(super) fn ports(build: &Build<'_>) -> Ports {
    let tunnel = build.policy.proxy.ports.tunnel;
    match &build.policy.inbound.ports {
        InboundPorts::AllExcept(excluded) => {
            let tunnel = [PortRange::from(tunnel)];
            Ports::AllExcept(excluded.ranges().iter().copied().chain(tunnel).collect())
        }
        InboundPorts::Only(ports) => Ports::Only(without(ports, tunnel)),
    }
}

/// Rules that let pass these ports.
pub(super) fn passed_ports(build: &mut Build<'_>, ports: &PortSet) -> Vec<Rule> {
    let names = ("inbound.excludePorts", "inbound_excluded_ports");
    build.port_rules(names, ports, PortsOf::Any, RuleBuilder::accept)
}

fn without(ports: &PortSet, port: Port) -> PortSet {
    let below = |range: &PortRange| {
        let last = Port::new(port.get() - 1)?.min(range.last());
        PortRange::new(range.first(), last)
    };
    let above = |range: &PortRange| {
        let first = Port::new(port.get().checked_add(1)?)?.max(range.first());
        PortRange::new(first, range.last())
    };
    ports.ranges().iter().flat_map(|range| [below(range), above(range)]).flatten().collect()
}
