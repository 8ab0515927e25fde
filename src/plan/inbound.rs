//! What comes to the pod: chain `prerouting`.

use crate::policy::InboundPorts;
use crate::ruleset::build::{RuleBuilder, TCP};
use crate::ruleset::{BaseChain, Chain, MetaKey, Rule};
use crate::words::{Port, PortRange, PortSet};

use super::Build;
use super::few::PortsOf;

pub(super) fn add(build: &mut Build<'_>) {
    let captured = captured(build);
    if captured.is_empty() {
        return;
    }
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.extend(build.excluded_interfaces(MetaKey::IifName));
    rules.extend(captured);
    build.chains.push(Chain {
        name: "prerouting".into(),
        base: Some(BaseChain::nat_prerouting()),
        comment: None,
        rules,
    });
}

/// The tunnel port is never captured, whatever the ports say.
fn captured(build: &mut Build<'_>) -> Vec<Rule> {
    let policy = build.policy;
    let (tunnel, inbound) = (policy.proxy.ports.tunnel, policy.proxy.ports.inbound.get());
    match &policy.inbound {
        InboundPorts::AllExcept(excluded) => {
            let passed: PortSet =
                excluded.ranges().iter().copied().chain([PortRange::from(tunnel)]).collect();
            let names = ("inbound.excludePorts", "inbound_excluded_ports");
            let mut rules = build.port_rules(names, &passed, PortsOf::Any, RuleBuilder::accept);
            rules.push(build.rule("inbound.ports").l4proto(TCP).redirect(inbound));
            rules
        }
        InboundPorts::Only(ports) => {
            let names = ("inbound.ports", "inbound_ports");
            build.port_rules(names, &without(ports, tunnel), PortsOf::Tcp, |rule| {
                rule.redirect(inbound)
            })
        }
    }
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
