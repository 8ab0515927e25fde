//! IPv6 refused: two filter chains that answer, so that nobody waits for a time-out.

use crate::ruleset::build::{NFPROTO_IPV6, RuleBuilder, TCP};
use crate::ruleset::{BaseChain, ICMPX_ADMIN_PROHIBITED, MetaKey, RejectType, Rule};

use super::Build;

/// Destination unreachable (which our own refusals are) and packet too big (path MTU).
const ERRORS: (u8, u8) = (1, 2);
/// Multicast listener discovery and neighbour discovery.
const DISCOVERY: (u8, u8) = (130, 137);
/// Version 2 multicast listener report.
const MLD2_REPORT: (u8, u8) = (143, 143);

pub(super) fn add(build: &mut Build<'_>) {
    let sent = rules(build, MetaKey::OifName, RuleBuilder::oif_lo);
    let received = rules(build, MetaKey::IifName, RuleBuilder::iif_lo);
    if !build.policy.interfaces.virtual_.is_empty() {
        forward(build);
    }
    build.chain("reject_output", Some(BaseChain::filter_output()), sent);
    build.chain("reject_input", Some(BaseChain::filter_input()), received);
}

/// What a machine inside the pod sends and gets is the pod's too.
fn forward(build: &mut Build<'_>) {
    let mut rules = vec![build.rule("ipv6").not_nfproto(NFPROTO_IPV6).accept()];
    for key in [MetaKey::IifName, MetaKey::OifName] {
        rules.extend(build.excluded_interfaces(key));
    }
    rules.extend(answers(build));
    build.chain("reject_forward", Some(BaseChain::filter_forward()), rules);
}

fn rules(
    build: &mut Build<'_>,
    interface: MetaKey,
    lo: impl Fn(RuleBuilder) -> RuleBuilder,
) -> Vec<Rule> {
    let mut rules = vec![
        build.rule("ipv6").not_nfproto(NFPROTO_IPV6).accept(),
        lo(build.rule("ipv6")).accept(),
    ];
    rules.extend(build.excluded_interfaces(interface));
    rules.extend(answers(build));
    rules
}

fn answers(build: &Build<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (first, last) in [ERRORS, DISCOVERY, MLD2_REPORT] {
        rules.push(build.rule("ipv6").icmpv6_type(first, last).accept());
    }
    // The resets that the next rule answers with leave through the output hook themselves.
    rules.push(build.rule("ipv6").tcp_rst().accept());
    rules.push(build.rule("ipv6").l4proto(TCP).reject(RejectType::TcpReset, 0));
    rules.push(build.rule("ipv6").reject(RejectType::Icmpx, ICMPX_ADMIN_PROHIBITED));
    rules
}
