//! Packets through small rulesets.

use super::*;
use crate::ruleset::build::{Counted, NFPROTO_IPV6, RuleBuilder, Side, TCP, UDP};
use crate::ruleset::{
    BaseChain, Chain, ChainType, CmpOp, CtKey, Expr, Hook, Interval, Key, KeyType, MetaKey,
    PayloadBase, Policy, Reg, RejectType, Rule, Set, SetFlags,
};
use crate::ruleset::{Ruleset, Verdict as RuleVerdict};
use crate::words::{Gid, Uid};

const PORTS: Ports = Ports { source: 40000, destination: 443 };
const SYN: Protocol = Protocol::Tcp { ports: PORTS, flags: TCP_SYN };

fn rule() -> RuleBuilder {
    RuleBuilder::new("test", Counted::Yes)
}

fn raw(exprs: Vec<Expr>) -> Rule {
    Rule { exprs, setting: "" }
}

fn chain(name: &'static str, base: Option<BaseChain>, rules: Vec<Rule>) -> Chain {
    Chain { name: name.into(), base, comment: None, rules }
}

fn ruleset(chains: Vec<Chain>) -> Ruleset {
    Ruleset { table: "t".into(), comment: None, flags: 0, sets: vec![], chains }
}

fn output(rules: Vec<Rule>) -> Ruleset {
    ruleset(vec![chain("output", Some(BaseChain::nat_output()), rules)])
}

fn to(destination: &str, protocol: Protocol) -> Packet {
    let destination: std::net::IpAddr = destination.parse().unwrap();
    let source = if destination.is_ipv4() { "10.88.0.2" } else { "fd88::2" };
    let socket = Socket {
        uid: Uid::new(1000).unwrap(),
        gid: Gid::new(1001).unwrap(),
        class: None,
        cgroups: vec![Cgroup { level: 2, id: 77 }],
    };
    Packet {
        way: Way::Out { oif: "eth0".parse().unwrap(), socket: Some(socket) },
        addresses: Addresses::new(source.parse().unwrap(), destination).unwrap(),
        protocol,
        mark: 0x15,
        state: State::New,
    }
}

fn coming(protocol: Protocol) -> Packet {
    Packet { way: Way::In { iif: "eth0".parse().unwrap() }, ..to("10.0.0.1", protocol) }
}

fn by_lo(packet: Packet) -> Packet {
    let Way::Out { socket, .. } = packet.way else { return packet };
    Packet { way: Way::Out { oif: "lo".parse().unwrap(), socket }, ..packet }
}

const CAPTURED: Verdict = Verdict::Captured { port: 9, by: Capture::Redirect };

#[track_caller]
fn matches(packet: &Packet, build: impl Fn(RuleBuilder) -> RuleBuilder) -> Matched {
    explain(&output(vec![build(rule()).redirect(9)]), packet).steps[0].matched
}

#[test]
fn each_match_of_a_socket_and_its_lack() {
    let packet = to("10.0.0.1", SYN);
    let mut without = packet.clone();
    without.way = Way::Out { oif: "eth0".parse().unwrap(), socket: None };
    type Build = fn(RuleBuilder) -> RuleBuilder;
    let cases: [(Build, Build); 4] = [
        (|r| r.id(MetaKey::SkUid, 1000), |r| r.id(MetaKey::SkUid, 1001)),
        (|r| r.id(MetaKey::SkGid, 1001), |r| r.id_not(MetaKey::SkGid, 1001)),
        (|r| r.cgroup(2, 77), |r| r.cgroup(2, 78)),
        (|r| r.classid(0), |r| r.classid(1)),
    ];
    for (holds, fails) in cases {
        assert_eq!(matches(&packet, holds), Matched::Yes);
        assert_eq!(matches(&packet, fails), Matched::No);
        assert_eq!(matches(&without, holds), Matched::Lacks("a socket"));
        assert_eq!(matches(&without, fails), Matched::Lacks("a socket"));
    }
    assert!(matches!(matches(&packet, |r| r.cgroup(3, 77)), Matched::Lacks(_)));
}

#[test]
fn each_match_of_headers_marks_and_interfaces() {
    let (v4, v6) = (to("10.0.0.1", SYN), to("2001:db8::1", SYN));
    type Build = fn(RuleBuilder) -> RuleBuilder;
    let yes: [Build; 12] = [
        |r| r.ip4(Side::Destination, [10, 0, 0, 1].into()),
        |r| r.ip4(Side::Source, [10, 88, 0, 2].into()),
        |r| r.ip4_prefix(Side::Destination, [10, 0, 0, 0].into(), 8),
        |r| r.ip4_prefix(Side::Destination, [10, 0, 0, 0].into(), 31),
        |r| r.l4proto(TCP).dport_between(400, 443),
        |r| r.sport_between(40000, 40000),
        |r| r.dport_not(80),
        |r| r.mark(0x15),
        |r| r.mark_bits(0x10, 0xf0),
        |r| r.interface(MetaKey::OifName, "eth0"),
        |r| r.tcp_syn(),
        |r| r.ct_new(),
    ];
    for (number, build) in yes.into_iter().enumerate() {
        assert_eq!(matches(&v4, build), Matched::Yes, "{number}");
    }
    let no: [Build; 8] = [
        |r| r.ip4(Side::Destination, [10, 0, 0, 2].into()),
        |r| r.ip4_prefix(Side::Destination, [11, 0, 0, 0].into(), 8),
        |r| r.nfproto(NFPROTO_IPV6),
        |r| r.l4proto(UDP),
        |r| r.dport_between(444, 500),
        |r| r.mark_bits(0x20, 0xf0),
        |r| r.oif_lo(),
        |r| r.ct_invalid(),
    ];
    for (number, build) in no.into_iter().enumerate() {
        assert_eq!(matches(&v4, build), Matched::No, "{number}");
    }
    let address = "2001:db8::1".parse().unwrap();
    assert_eq!(matches(&v6, |r| r.ip6(Side::Destination, address)), Matched::Yes);
    let echo = to("2001:db8::1", Protocol::Icmp { kind: 128 });
    assert_eq!(matches(&echo, |r| r.icmpv6_type(128, 129)), Matched::Yes);
    let other = to("2001:db8::1", Protocol::Other(132));
    assert!(matches!(matches(&other, |r| r.dport_not(1)), Matched::Lacks(_)));
}

#[test]
fn sets_hold_intervals_ids_names_and_services() {
    let service = Key::from_bytes([10, 0, 0, 1, 1, 187, 0, 0]);
    let set = |name: &'static str, key, flags, element| Set {
        name: name.into(),
        key,
        flags,
        elements: vec![element],
    };
    let sets = [
        set("p", KeyType::InetService, SetFlags::INTERVAL, Interval::between(400, 450)),
        set("u", KeyType::Uid, SetFlags::PLAIN, Interval::single(1000)),
        set("s", KeyType::Ipv4Service, SetFlags::PLAIN, Interval::single(service)),
    ];
    let rules = [
        rule().dport_in(&"p".into()).redirect(9),
        rule().meta_in(MetaKey::SkUid, &"u".into()).redirect(9),
        rule().service4_in(&"s".into()).redirect(9),
    ];
    for rule in rules {
        let rules = Ruleset { sets: sets.to_vec(), ..output(vec![rule]) };
        assert_eq!(explain(&rules, &to("10.0.0.1", SYN)).verdict, CAPTURED);
        let mut other =
            to("10.0.0.2", Protocol::Tcp { ports: Ports { destination: 451, ..PORTS }, flags: 2 });
        other.way = Way::Out { oif: "eth0".parse().unwrap(), socket: None };
        assert_eq!(explain(&rules, &other).verdict, Verdict::Direct);
    }
    let not = rule().meta_not_in(MetaKey::SkUid, &"u".into()).redirect(9);
    let rules = Ruleset { sets: sets.to_vec(), ..output(vec![not]) };
    assert_eq!(explain(&rules, &to("10.0.0.1", SYN)).verdict, Verdict::Direct);
}

#[test]
fn jumps_come_back_and_gotos_do_not() {
    let go = |verdict| rule().verdict(verdict);
    let back = chain("back", None, vec![rule().verdict(RuleVerdict::Return), rule().accept()]);
    let on = chain("on", None, vec![go(RuleVerdict::Goto("back".into())), rule().accept()]);
    let jump = |name: &'static str| go(RuleVerdict::Jump(name.into()));
    let first = |rule| {
        let mut rules = output(vec![rule, super::tests::rule().redirect(9)]);
        rules.chains.extend([back.clone(), on.clone()]);
        explain(&rules, &to("10.0.0.1", SYN))
    };
    assert_eq!(first(jump("back")).verdict, CAPTURED);
    assert_eq!(first(jump("on")).verdict, CAPTURED);
    assert_eq!(first(go(RuleVerdict::Goto("on".into()))).verdict, Verdict::Direct);
    assert_eq!(first(go(RuleVerdict::Return)).verdict, Verdict::Direct);
    let steps = first(jump("on")).steps;
    let met: Vec<_> = steps.iter().map(|step| (step.chain.as_ref(), step.rule)).collect();
    let way = [("output", Some(1)), ("on", Some(1)), ("back", Some(1)), ("output", Some(2))];
    assert_eq!(met, way);
    assert!(matches!(first(jump("nowhere")).verdict, Verdict::Unknown { .. }));
    let circle = chain("c", None, vec![go(RuleVerdict::Goto("c".into()))]);
    let rules =
        ruleset(vec![chain("output", Some(BaseChain::nat_output()), vec![jump("c")]), circle]);
    assert!(matches!(explain(&rules, &to("10.0.0.1", SYN)).verdict, Verdict::Unknown { .. }));
}

#[test]
fn filters_see_what_was_redirected_and_may_refuse_it() {
    let refuse = |build: fn(RuleBuilder) -> RuleBuilder| {
        let reject = build(rule()).reject(RejectType::TcpReset, 0);
        let mut rules = output(vec![rule().redirect(9)]);
        rules.chains.push(chain("late", Some(BaseChain::filter_output()), vec![reject]));
        explain(&rules, &to("10.0.0.1", SYN)).verdict
    };
    assert_eq!(refuse(|r| r.dport_between(9, 9)), Verdict::Rejected);
    assert_eq!(refuse(|r| r.ip4(Side::Destination, [127, 0, 0, 1].into())), Verdict::Rejected);
    assert_eq!(refuse(|r| r.dport_between(443, 443)), CAPTURED);
    // The hook's output interface is still the one that the packet was routed to.
    assert_eq!(refuse(|r| r.oif_lo()), CAPTURED);
}

#[test]
fn what_leaves_by_lo_comes_in_again_with_its_mark_and_without_its_socket() {
    let taken = |build: fn(RuleBuilder) -> RuleBuilder| {
        let set =
            chain("route", Some(BaseChain::route_output()), vec![rule().set_mark(3).accept()]);
        let take = build(rule().iif_lo()).tproxy(9).accept_uncounted();
        let come = chain("mangle", Some(BaseChain::mangle_prerouting()), vec![take]);
        let nat = vec![rule().redirect(8)];
        let nat = chain("nat", Some(BaseChain::nat_prerouting()), nat);
        ruleset(vec![set, come, nat])
    };
    let tproxied = Verdict::Captured { port: 9, by: Capture::Tproxy };
    let own = by_lo(to("10.88.0.2", SYN));
    assert_eq!(explain(&taken(|r| r.mark(3)), &own).verdict, tproxied);
    assert_eq!(explain(&taken(|r| r.mark(4)), &own).verdict, Verdict::Direct);
    assert_eq!(explain(&taken(|r| r.id(MetaKey::SkUid, 1000)), &own).verdict, Verdict::Direct);
    assert_eq!(explain(&taken(|r| r.mark(3)), &to("10.0.0.1", SYN)).verdict, Verdict::Direct);
}

#[test]
fn connection_tracking_begins_behind_raw() {
    let early = |raw: Rule| {
        let mut rules = output(vec![rule().redirect(9)]);
        rules.chains.push(chain("raw", Some(BaseChain::raw_output()), vec![raw]));
        explain(&rules, &to("10.0.0.1", SYN))
    };
    assert_eq!(early(rule().notrack()).verdict, Verdict::Direct);
    assert_eq!(early(rule().set_zone(5)).steps[0].effects, [Effect::Zone(5)]);
    assert_eq!(early(rule().set_zone(5)).verdict, CAPTURED);
    assert_eq!(early(rule().ct_invalid().verdict(RuleVerdict::Drop)).verdict, Verdict::Dropped);
    assert!(matches!(early(rule().ct_mark(0).accept()).steps[0].matched, Matched::Lacks(_)));
    let rules = output(vec![rule().redirect(9)]);
    for state in [State::Established, State::Invalid] {
        let packet = Packet { state, ..to("10.0.0.1", SYN) };
        assert_eq!(
            explain(&rules, &packet),
            Explanation { verdict: Verdict::Direct, steps: vec![] }
        );
    }
    let discovery = to("ff02::1", Protocol::Icmp { kind: 135 });
    assert_eq!(explain(&rules, &discovery).steps, []);
}

#[test]
fn invalid_packets_are_known_as_such_behind_tracking() {
    let drop = rule().ct_invalid().verdict(RuleVerdict::Drop);
    let rules = ruleset(vec![chain("drop", Some(BaseChain::mangle_prerouting()), vec![drop])]);
    assert_eq!(explain(&rules, &coming(SYN)).verdict, Verdict::Direct);
    let invalid = Packet { state: State::Invalid, ..coming(SYN) };
    assert_eq!(explain(&rules, &invalid).verdict, Verdict::Dropped);
}

#[test]
fn marks_go_from_packets_to_connections_and_back() {
    let save = vec![rule().save_mark().accept()];
    let restore = vec![rule().set_mark(1).restore_mark(), rule().mark(0x15).redirect(9)];
    let mangle = BaseChain::new(ChainType::Filter, Hook::Prerouting, -160, Policy::Accept);
    let rules = ruleset(vec![
        chain("save", Some(mangle.unwrap()), save),
        chain("nat", Some(BaseChain::nat_prerouting()), restore),
    ]);
    let explanation = explain(&rules, &coming(SYN));
    assert_eq!(explanation.verdict, CAPTURED);
    assert_eq!(explanation.steps[0].effects[0], Effect::ConnectionMark(0x15));
    assert_eq!(explanation.steps[1].effects, [Effect::Mark(1), Effect::Mark(0x15)]);
}

#[test]
fn base_chains_stand_in_the_order_of_priorities_and_the_newer_first() {
    let base = |priority| BaseChain::new(ChainType::Filter, Hook::Input, priority, Policy::Accept);
    let pass = || vec![rule().set_mark(1).accept()];
    let chains = [("a", 0), ("b", 0), ("c", -1)];
    let chains = chains.map(|(name, priority)| chain(name, Some(base(priority).unwrap()), pass()));
    let steps = explain(&ruleset(chains.to_vec()), &coming(SYN)).steps;
    assert_eq!(steps.iter().map(|step| step.chain.as_ref()).collect::<Vec<_>>(), ["c", "b", "a"]);
    let none = BaseChain::new(ChainType::Filter, Hook::Input, 0, Policy::Drop).unwrap();
    let dropped = explain(&ruleset(vec![chain("d", Some(none), vec![])]), &coming(SYN));
    assert_eq!((dropped.verdict, dropped.steps[0].rule), (Verdict::Dropped, None));
}

#[test]
fn what_is_not_known_is_said_only_where_it_matters() {
    let log = Expr::Other { name: "log".to_owned(), attributes: vec![] };
    let of_udp = [rule().l4proto(UDP).accept().exprs[..2].to_vec(), vec![log]].concat();
    let rules = output(vec![raw(of_udp), rule().redirect(9)]);
    assert_eq!(explain(&rules, &to("10.0.0.1", SYN)).verdict, CAPTURED);
    let what = "what log does".to_owned();
    let udp = to("10.0.0.1", Protocol::Udp { ports: PORTS });
    assert_eq!(explain(&rules, &udp).verdict, Verdict::Unknown { what });
    let load = |expr| explain(&output(vec![raw(vec![expr])]), &udp).verdict;
    let one = Reg::ONE;
    let unknown = [
        Expr::Meta { key: MetaKey::Other(99), dreg: one },
        Expr::Ct { key: CtKey::Other(99), dreg: one },
        Expr::Payload { base: PayloadBase::Other(0), offset: 0, len: 1, dreg: one },
        Expr::Payload { base: PayloadBase::Transport, offset: 8, len: 1, dreg: one },
        Expr::Meta { key: MetaKey::Mark, dreg: Reg(0) },
        Expr::Cmp { sreg: Reg(30), op: CmpOp::Eq, data: vec![0] },
        Expr::CtSet { key: CtKey::Other(9), sreg: one },
        Expr::Verdict(RuleVerdict::Other(3)),
        Expr::Lookup { sreg: one, set: "none".into(), inverted: false },
    ];
    for expr in unknown {
        let text = format!("{expr:?}");
        assert!(matches!(load(expr), Verdict::Unknown { .. }), "{text}");
    }
}

#[test]
fn a_table_that_is_switched_off_does_nothing() {
    let rules = Ruleset { flags: 1, ..output(vec![rule().redirect(9)]) };
    assert_eq!(explain(&rules, &to("10.0.0.1", SYN)).verdict, Verdict::Direct);
}

#[test]
fn rules_that_were_read_say_the_settings_of_their_like() {
    let planned = output(vec![rule().oif_lo().accept(), rule().redirect(9)]);
    let mut found = output(vec![rule().redirect(9), rule().redirect(8)]);
    found.chains[0].rules.iter_mut().for_each(|rule| rule.setting = "");
    let named = with_settings(found, &planned);
    let settings: Vec<_> = named.rules().map(|rule| rule.setting).collect();
    assert_eq!(settings, ["test", ""]);
}
