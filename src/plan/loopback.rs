//! What leaves by `lo`: the chains `loopback` and `self_call`, and the leg from proxy to app
//! without connection tracking.

use crate::policy::InboundMode;
use crate::ruleset::build::{RuleBuilder, Side, TCP};
use crate::ruleset::{BaseChain, Rule, Verdict};

use super::Build;

/// Chain for what leaves by `lo`.
pub(super) const LOOPBACK: &str = "loopback";
/// Chain for what the proxy sends by `lo`.
const SELF_CALL: &str = "self_call";

/// The proxy's passthrough to the app passes; other connections of the proxy are calls of the
/// pod to itself. TPROXY takes these where they come in, and knows them by a mark.
pub(super) fn add(build: &mut Build<'_>) {
    let is_steered = build.policy.inbound.mode != InboundMode::Redirect;
    let mut rules = passthrough(build, |rule| rule);
    if is_steered {
        rules.splice(0..0, marked(build));
        rules.extend(build.proxy_rules(RuleBuilder::accept));
    } else {
        let to_self_call = |rule: RuleBuilder| rule.verdict(Verdict::Goto(SELF_CALL.into()));
        rules.extend(build.proxy_rules(to_self_call));
        let self_call = self_call(build);
        build.chain(SELF_CALL, None, vec![self_call]);
    }
    build.chain(LOOPBACK, None, rules);
}

fn self_call(build: &Build<'_>) -> Rule {
    let ports = build.policy.proxy.ports;
    let rule = build.rule("proxy.ports.inbound").l4proto(TCP).dport_not(ports.tunnel.get());
    rule.redirect(ports.inbound.get())
}

/// Rules that let pass what the proxy dials with the passthrough source.
pub(super) fn passthrough(
    build: &Build<'_>,
    before: impl Fn(RuleBuilder) -> RuleBuilder,
) -> Vec<Rule> {
    let source = build.policy.proxy.passthrough;
    let rule = || before(build.rule("proxy.passthroughSource"));
    let mut rules = vec![rule().ip4(Side::Source, source.ipv4).accept()];
    if build.captures_ipv6() {
        rules.push(rule().ip6(Side::Source, source.ipv6).accept());
    }
    rules
}

/// Rules that let pass what TPROXY marked: what the proxy sends with its client's address, and
/// its calls to its own pod.
pub(super) fn marked(build: &Build<'_>) -> Vec<Rule> {
    let tproxy = build.policy.inbound.tproxy;
    vec![
        build.rule("inbound.tproxy.mark").mark(tproxy.mark).accept(),
        build.rule("inbound.tproxy.outboundMark").mark(tproxy.outbound_mark).accept(),
    ]
}

/// Keeps both directions of what the proxy dials on `lo` out of connection tracking. What it
/// dials with its client's address needs the mark of its connection, unless marks live on without.
pub(super) fn add_notrack(build: &mut Build<'_>) {
    if !build.policy.lo_notrack {
        return;
    }
    let policy = build.policy;
    let source = policy.proxy.passthrough;
    let rule = || build.rule("loNotrack").oif_lo();
    let mut rules = Vec::new();
    for side in [Side::Source, Side::Destination] {
        rules.push(rule().ip4(side, source.ipv4).l4proto(TCP).notrack());
        if build.captures_ipv6() {
            rules.push(rule().ip6(side, source.ipv6).l4proto(TCP).notrack());
        }
    }
    if policy.inbound.mode == InboundMode::TproxyFast {
        rules.push(rule().l4proto(TCP).mark(policy.inbound.tproxy.mark).notrack());
    }
    build.chain("lo_notrack", Some(BaseChain::raw_output()), rules);
}
