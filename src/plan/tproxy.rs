//! TPROXY: connections come to the proxy as they are, and it may dial the app with the address of
//! its client.
//!
//! Every packet to a captured port is steered, not the first alone: with SYN cookies the kernel
//! remembers nothing of the first, and the one that follows would find the app's listener.

use crate::policy::{Dns, InboundMode};
use crate::ruleset::build::{RuleBuilder, TCP};
use crate::ruleset::{BaseChain, MetaKey, RejectType, Rule, Verdict};
use crate::words::PortSet;

use super::few::PortsOf;
use super::inbound::{self, Ports};
use super::loopback::passthrough;
use super::{Build, dns, outbound};

/// Chain for what leaves by `lo`, which may be a call of the pod to itself.
const SELF_CALL: &str = "tproxy_self_call";

/// Chain for what leaves, by whatever interface.
const OUTPUT: &str = "tproxy_output";

const MODE: &str = "inbound.mode";

pub(super) fn add(build: &mut Build<'_>) {
    if build.policy.inbound.mode == InboundMode::Redirect {
        return;
    }
    prerouting(build);
    input(build);
    self_call(build);
    output(build);
}

fn prerouting(build: &mut Build<'_>) {
    let tproxy = build.policy.inbound.tproxy;
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.push(build.rule(MODE).not_l4proto(TCP).accept());
    rules.extend(build.excluded_interfaces(MetaKey::IifName));
    rules.extend(build.virtual_interfaces(RuleBuilder::accept));
    let from_proxy = build.rule("inbound.tproxy.mark").mark(tproxy.mark);
    rules.push(match is_tracked(build) {
        true => from_proxy.save_mark().accept(),
        false => from_proxy.accept(),
    });
    let on_lo = build.rule("inbound.tproxy.outboundMark").iif_lo();
    rules.push(on_lo.mark_not(tproxy.outbound_mark).accept());
    if is_tracked(build) {
        // Connections that a policy before this one redirected stay where they are; and what
        // answers to connections from here, or to forwarded ones, is for no listener.
        rules.push(build.rule(MODE).ct_redirected().accept());
        rules.push(build.rule(MODE).ct_reply().accept());
    }
    rules.extend(self_called(build));
    rules.extend(inbound::passed_sources(build));
    rules.extend(steered(build));
    build.chain("tproxy_prerouting", Some(BaseChain::mangle_prerouting()), rules);
}

/// What came by `lo` with the mark of a call of the pod to itself, whatever its port.
fn self_called(build: &Build<'_>) -> [Rule; 2] {
    let rule = || build.rule("inbound.tproxy.outboundMark").iif_lo();
    let steering = Steering::of(build);
    [steering.on_lo(rule().l4proto(TCP)), refused(rule().tcp_syn())]
}

/// `tproxy` knows connections that live, the proxy's and those of others, which pass. What it does
/// not know it gives to the proxy; where the proxy does not listen, a first packet goes no further.
fn steered(build: &mut Build<'_>) -> Vec<Rule> {
    let steering = Steering::of(build);
    match inbound::ports(build) {
        Ports::AllExcept(passed) => {
            let mut rules = inbound::passed_ports(build, &passed);
            let rule = || build.rule("inbound.ports");
            rules.push(steering.elsewhere(rule().l4proto(TCP)));
            rules.push(refused(rule().tcp_syn()));
            rules
        }
        Ports::Only(ports) => of_ports(build, &ports, steering),
    }
}

fn of_ports(build: &mut Build<'_>, ports: &PortSet, steering: Steering) -> Vec<Rule> {
    let names = ("inbound.ports", "inbound_ports");
    let steer = |rule| steering.elsewhere(rule);
    let mut rules = build.port_rules(names, ports, PortsOf::Tcp, steer);
    let names = (names.0, names.1.into());
    let first = RuleBuilder::tcp_syn;
    rules.extend(build.port_rules_after(names, ports, PortsOf::Any, first, refused));
    rules
}

/// How a packet is handed to the proxy.
#[derive(Clone, Copy)]
struct Steering {
    port: u16,
    mark: u32,
}

impl Steering {
    fn of(build: &Build<'_>) -> Self {
        let port = build.policy.proxy.ports.inbound.get();
        Self { port, mark: build.policy.inbound.tproxy.mark }
    }

    /// What comes by `lo` is for an address of the pod anyway.
    fn on_lo(self, rule: RuleBuilder) -> Rule {
        rule.tproxy(self.port).accept_uncounted()
    }

    /// The mark routes what is for an address of others to the proxy too.
    fn elsewhere(self, rule: RuleBuilder) -> Rule {
        rule.tproxy(self.port).set_mark(self.mark).accept_uncounted()
    }
}

/// Routing was all that the mark was for: where accepted connections inherit marks, the proxy's
/// answers would be routed by it too. Without connection tracking they inherit another one, which
/// tells them even where their socket has no owner: before it is accepted, after it is closed.
fn input(build: &mut Build<'_>) {
    let tproxy = build.policy.inbound.tproxy;
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.extend(build.excluded_interfaces(MetaKey::IifName));
    let rule = build.rule("inbound.tproxy.mark").iif_not_lo().mark(tproxy.mark);
    let inherited = if is_tracked(build) { 0 } else { tproxy.outbound_mark };
    rules.push(rule.set_mark(inherited).accept());
    build.chain("tproxy_input", Some(BaseChain::mangle_input()), rules);
}

fn refused(rule: RuleBuilder) -> Rule {
    rule.reject(RejectType::TcpReset, 0)
}

fn is_tracked(build: &Build<'_>) -> bool {
    build.policy.inbound.mode == InboundMode::Tproxy
}

/// The app's answers to a client's address stay in the pod. Answers are never calls of the pod to
/// itself.
fn output(build: &mut Build<'_>) {
    let mark = build.policy.inbound.tproxy.mark;
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.push(build.rule(MODE).not_l4proto(TCP).accept());
    // Also where marks live on without tracking: a policy before this one may have saved some.
    rules.push(build.rule("inbound.tproxy.mark").ct_mark(mark).restore_mark());
    rules.extend(restored(build, Some(mark)));
    rules.push(build.rule(MODE).ct_reply().accept());
    rules.push(build.rule(MODE).oif_lo().verdict(Verdict::Goto(SELF_CALL.into())));
    build.chain(OUTPUT, Some(BaseChain::route_output()), rules);
}

/// Connections that a policy before this one handed over keep their marks until they end.
pub(super) fn add_restored(build: &mut Build<'_>) {
    let rules = restored(build, None);
    if build.policy.inbound.mode == InboundMode::Redirect && !rules.is_empty() {
        build.chain(OUTPUT, Some(BaseChain::route_output()), rules);
    }
}

fn restored(build: &Build<'_>, own: Option<u32>) -> Vec<Rule> {
    let others = build.facts.saved_marks.iter().filter(|mark| Some(**mark) != own);
    let restore = |mark: &u32| build.rule(MODE).l4proto(TCP).ct_mark(*mark).restore_mark();
    others.map(restore).collect()
}

/// Marks what the proxy sends to its own pod, so that it is captured where it comes in.
fn self_call(build: &mut Build<'_>) {
    let policy = build.policy;
    let tproxy = policy.inbound.tproxy;
    let mut rules = vec![build.rule("inbound.tproxy.mark").mark(tproxy.mark).accept()];
    rules.extend(outbound::passed_ports(build));
    rules.extend(passthrough(build, |rule| rule));
    rules.extend(outbound::to_loopback(build));
    let tunnel = policy.proxy.ports.tunnel.get();
    rules.push(build.rule("proxy.ports.tunnel").dport_between(tunnel, tunnel).accept());
    if policy.dns != Dns::Off {
        rules.push(build.rule("dns.capture").dport_between(dns::PORT, dns::PORT).accept());
    }
    rules.extend(build.proxy_rules(|rule| rule.set_mark(tproxy.outbound_mark).accept()));
    build.chain(SELF_CALL, None, rules);
}
