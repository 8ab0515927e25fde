//! Captured name queries: the chains `dns` and `dns_direct`, and the zone that keeps them apart.
//!
//! A query over UDP leaves an entry in connection tracking for half a minute. If the proxy asks
//! the same server from the port that the app has used, it would meet that entry and be
//! redirected to itself: so captured queries are tracked in a zone of their own.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::policy::{Dns, InboundMode, NameServers};
use crate::ruleset::build::{RuleBuilder, TCP, UDP};
use crate::ruleset::{BaseChain, Rule, Verdict};

use super::loopback::{marked, passthrough};
use super::{Build, PlanError, outbound};

/// The port of name queries.
pub(super) const PORT: u16 = 53;

/// The zone of captured queries.
const ZONE: u16 = 53;

/// Chain that sends captured queries to the DNS port.
const DNS: &str = "dns";
/// Chain that lets pass queries that are not captured.
const DIRECT: &str = "dns_direct";
/// Chain that tells the protocols apart.
const CAPTURED: &str = "dns_captured";

/// Which servers' queries are captured.
enum Servers {
    Every,
    These(BTreeSet<IpAddr>),
}

pub(super) fn add(build: &mut Build<'_>) -> Result<(), PlanError> {
    let Some(servers) = servers(build)? else { return Ok(()) };
    direct(build);
    let jump = build.rule(SETTING).verdict(Verdict::Jump(DIRECT.into()));
    let mut rules = vec![jump];
    match &servers {
        Servers::Every => rules.extend(redirects(build)),
        Servers::These(hosts) => {
            let redirects = redirects(build);
            build.chain(CAPTURED, None, redirects);
            let goto = |rule: RuleBuilder| rule.verdict(Verdict::Goto(CAPTURED.into()));
            rules.extend(build.host_rules(NAMES, hosts, goto));
        }
    }
    build.chain(DNS, None, rules);
    zone(build, &servers);
    Ok(())
}

const SETTING: &str = "dns.capture";
const NAMES: (&str, &str, &str) = ("dns.servers", "dns_servers_ip4", "dns_servers_ip6");

/// Sends name queries to their chain; whatever else has 53 there comes back.
pub(super) fn jump(build: &Build<'_>) -> Option<Rule> {
    let is_off = build.policy.dns == Dns::Off;
    let rule = || build.rule(SETTING).dport_between(PORT, PORT);
    (!is_off).then(|| rule().verdict(Verdict::Jump(DNS.into())))
}

fn servers(build: &Build<'_>) -> Result<Option<Servers>, PlanError> {
    let hosts: BTreeSet<IpAddr> = match &build.policy.dns {
        Dns::Off => return Ok(None),
        Dns::All => return Ok(Some(Servers::Every)),
        Dns::Listed(NameServers::Only(hosts)) => return Ok(Some(Servers::These(hosts.clone()))),
        Dns::Listed(NameServers::ResolvConf) => build.facts.name_servers.iter().copied().collect(),
    };
    let is_captured = |host: &IpAddr| host.is_ipv4() || build.captures_ipv6();
    match (hosts.is_empty(), hosts.iter().any(is_captured)) {
        (true, _) => Err(PlanError::NoNameServers("")),
        (_, false) => Err(PlanError::NoNameServers(" of a family that is captured")),
        (false, true) => Ok(Some(Servers::These(hosts))),
    }
}

/// What is not captured whatever its server: excluded interfaces and ports, the proxy's own, and
/// groups that are not captured.
fn direct(build: &mut Build<'_>) {
    let mut rules = outbound::passed_ports(build);
    if build.policy.inbound.mode != InboundMode::Redirect {
        rules.extend(marked(build));
    }
    rules.extend(passthrough(build, RuleBuilder::oif_lo));
    rules.extend(build.proxy_rules(RuleBuilder::accept));
    rules.extend(build.excluded_groups());
    build.chain(DIRECT, None, rules);
}

fn redirects(build: &Build<'_>) -> Vec<Rule> {
    let port = build.policy.proxy.ports.dns.get();
    let rule = |protocol| build.rule(SETTING).l4proto(protocol).redirect(port);
    vec![rule(UDP), rule(TCP)]
}

/// Queries that will be captured, and the proxy's answers to them.
fn zone(build: &mut Build<'_>, servers: &Servers) {
    let answers = build.policy.proxy.ports.dns.get();
    let mut rules: Vec<Rule> = build.pass_ipv6().into_iter().collect();
    rules.push(build.rule(SETTING).not_l4proto(UDP).accept());
    let answer = |rule: RuleBuilder| rule.l4proto(UDP).sport_between(answers, answers);
    rules.extend(build.proxy_rules(|rule| answer(rule).set_zone(ZONE)));
    let query = build.rule(SETTING).dport_not(PORT).accept();
    rules.push(query);
    rules.push(build.rule(SETTING).verdict(Verdict::Jump(DIRECT.into())));
    match servers {
        Servers::Every => rules.push(build.rule(SETTING).set_zone(ZONE)),
        Servers::These(hosts) => {
            rules.extend(build.host_rules(NAMES, hosts, |rule| rule.set_zone(ZONE)));
        }
    }
    build.chain("dns_zone", Some(BaseChain::raw_output()), rules);
}
