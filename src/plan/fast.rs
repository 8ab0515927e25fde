//! TPROXY without connection tracking: what is steered, and the proxy's answers, are kept out of it.

use crate::policy::InboundMode;
use crate::ruleset::build::{RuleBuilder, TCP};
use crate::ruleset::{BaseChain, MetaKey, Rule, Verdict};

use super::Build;
use super::few::PortsOf;
use super::inbound::{self, Ports};

/// Chain for what has the mark of a steered connection.
const ANSWERS: &str = "fast_answers";

const MODE: &str = "inbound.mode";

pub(super) fn add(build: &mut Build<'_>) {
    if build.policy.inbound.mode != InboundMode::TproxyFast {
        return;
    }
    let (steered, answers) = match inbound::ports(build) {
        Ports::AllExcept(passed) => {
            let mut steered = inbound::passed_ports(build, &passed);
            steered.push(build.rule(MODE).notrack());
            (steered, vec![build.rule(MODE).notrack()])
        }
        Ports::Only(ports) => {
            let names = ("inbound.ports", "inbound_ports");
            let steered = build.port_rules(names, &ports, PortsOf::Tcp, RuleBuilder::notrack);
            (steered, build.source_port_rules(names, &ports, RuleBuilder::notrack))
        }
    };
    if steered.is_empty() {
        return;
    }
    prerouting(build, steered);
    output(build, answers);
}

/// What comes in by `lo` or from inside the pod may have been rewritten, and stays tracked.
fn prerouting(build: &mut Build<'_>, steered: Vec<Rule>) {
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.push(build.rule(MODE).not_l4proto(TCP).accept());
    rules.push(build.rule(MODE).iif_lo().accept());
    rules.extend(build.excluded_interfaces(MetaKey::IifName));
    rules.extend(build.virtual_interfaces(RuleBuilder::accept));
    rules.extend(inbound::passed_sources(build));
    // What answers to connections from here is tracked both ways. Half a connection would stay in
    // conntrack as one that only begins, and who dials next from its port would be taken for it.
    let answers = build.rule(MODE).not_tcp_syn().not_transparent();
    rules.push(answers.accept());
    rules.extend(steered);
    build.chain("fast_prerouting", Some(BaseChain::raw_prerouting()), rules);
}

/// The proxy's answers are told by the mark that their connection inherited, whoever owns the
/// socket: it has no owner before it is accepted, nor after it is closed.
fn output(build: &mut Build<'_>, answers: Vec<Rule>) {
    build.chain(ANSWERS, None, answers);
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.push(build.rule(MODE).not_l4proto(TCP).accept());
    rules.push(build.rule(MODE).oif_lo().accept());
    rules.extend(build.excluded_interfaces(MetaKey::OifName));
    let mark = build.policy.inbound.tproxy.outbound_mark;
    let answers = build.rule("inbound.tproxy.outboundMark").mark(mark);
    rules.push(answers.verdict(Verdict::Goto(ANSWERS.into())));
    build.chain("fast_output", Some(BaseChain::raw_output()), rules);
}
