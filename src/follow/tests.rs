//! Events as a kernel would tell them, and what became of the packets.

use std::net::Ipv4Addr;

use super::event::{Direction, Event, EventKind, Outcome, RawHeaders, Tracked};
use super::table::{CAME, SENT};
use super::{
    Fate, Filter, Followed, Grouping, KnownRule, KnownRules, Mismatch, TRACE_TABLE, Transport, Way,
    follow, trace_table,
};
use crate::explain::{Capture, Effect};
use crate::ruleset::build::{Counted, RuleBuilder, TCP};
use crate::ruleset::{BaseChain, Chain, Rule, Ruleset, Verdict};

const OWN: &str = "inet nftdivert";
const OTHER: &str = "inet other";
const POD: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 2);
const WORLD: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const LO: u32 = 1;
const ETH0: u32 = 2;

fn headers(to: (Ipv4Addr, u16), iif: Option<u32>, oif: Option<u32>, sequence: u32) -> RawHeaders {
    let mut network = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, TCP, 0, 0];
    network.extend(POD.octets());
    network.extend(to.0.octets());
    let mut transport = 40000u16.to_be_bytes().to_vec();
    transport.extend(to.1.to_be_bytes());
    transport.extend(sequence.to_be_bytes());
    transport.extend([0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
    RawHeaders { nfproto: 2, iif, oif, network, transport }
}

fn event(id: u32, table: &str, chain: &str, kind: EventKind, headers: RawHeaders) -> Event {
    let (table, chain) = (table.to_owned(), chain.to_owned());
    Event { id, table, chain, kind, mark: 0, headers: Some(headers), tracked: None }
}

fn matched(handle: u64, verdict: Verdict) -> EventKind {
    EventKind::Rule { handle, outcome: Outcome::Decided(verdict) }
}

fn begin(id: u32, chain: &str, headers: RawHeaders) -> Event {
    let kind = EventKind::Rule { handle: 1, outcome: Outcome::Continue };
    event(id, &format!("inet {TRACE_TABLE}"), chain, kind, headers)
}

fn accepted() -> EventKind {
    EventKind::Policy(Outcome::Decided(Verdict::Accept))
}

/// What the trace's own table tells behind NAT.
fn behind_nat(id: u32, chain: &str, headers: RawHeaders) -> Event {
    event(id, &format!("inet {TRACE_TABLE}"), chain, accepted(), headers)
}

fn sent(id: u32, to: (Ipv4Addr, u16)) -> RawHeaders {
    headers(to, None, Some(ETH0), id)
}

fn rule() -> RuleBuilder {
    RuleBuilder::new("", Counted::No)
}

fn known() -> KnownRules {
    let redirect = rule().l4proto(TCP).redirect(15001);
    let rules: Vec<(&str, &str, u64, Rule)> = vec![
        (OWN, "output", 5, rule().l4proto(TCP).dport_between(9999, 9999).accept()),
        (OWN, "output", 6, redirect.clone()),
        (OTHER, "out", 7, rule().verdict(Verdict::Drop)),
        (OTHER, "out", 8, rule().verdict(Verdict::Return)),
    ];
    let rules = rules.into_iter().enumerate().map(|(number, (table, chain, handle, rule))| {
        let (table, chain) = (table.to_owned(), chain.to_owned());
        KnownRule { table, chain, handle, number: number + 1, rule }
    });
    let output = Chain {
        name: "output".into(),
        base: Some(BaseChain::nat_output()),
        comment: None,
        rules: vec![redirect],
    };
    let own = Ruleset {
        table: "nftdivert".into(),
        comment: None,
        flags: 0,
        sets: vec![],
        chains: vec![output],
    };
    KnownRules::new(rules.collect(), OWN.to_owned(), Some(&own))
}

fn ways(events: Vec<Event>) -> Vec<Way> {
    let mut grouping = Grouping::default();
    events.into_iter().for_each(|event| grouping.add(event, 0));
    let ways = grouping.settle(0);
    assert!(grouping.is_empty());
    ways
}

#[track_caller]
fn one(events: Vec<Event>) -> Followed {
    let ways = ways(events);
    let [way] = ways.as_slice() else { panic!("{ways:#?}") };
    follow(way, &known())
}

#[test]
fn what_leaves_by_lo_and_comes_in_again_is_one_packet() {
    let again = headers((Ipv4Addr::LOCALHOST, 15001), Some(LO), None, 9);
    let events = vec![
        begin(9, SENT, sent(9, (WORLD, 80))),
        event(9, OWN, "output", matched(6, Verdict::Accept), sent(9, (WORLD, 80))),
        begin(10, CAME, again.clone()),
        event(10, OTHER, "in", accepted(), again),
    ];
    let followed = one(events.clone());
    let by = Some((Capture::Redirect, 0));
    assert_eq!(followed.fate, Fate::Captured { port: 15001, by });
    assert_eq!((followed.iif, followed.oif), (None, Some(ETH0)));
    assert_eq!(followed.met.len(), 2);
    assert_eq!(followed.met[0].step.effects, [Effect::Redirect(15001)]);
    assert!(followed.notes.is_empty(), "{:?}", followed.notes);

    // Another packet of the connection is another packet.
    let mut other = events;
    other[2].headers.as_mut().unwrap().transport[7] = 77;
    assert_eq!(ways(other).len(), 2);
}

#[test]
fn a_number_that_is_used_again_is_another_packet() {
    let first = vec![
        begin(1, SENT, sent(1, (WORLD, 80))),
        event(1, OWN, "output", matched(6, Verdict::Accept), sent(1, (WORLD, 80))),
    ];
    let mut second = first.clone();
    let mut first = first;
    first[1].kind = matched(5, Verdict::Accept);
    second[1].kind = matched(6, Verdict::Accept);
    let ways = ways([first, second].concat());
    assert_eq!(ways.len(), 2);
    assert!(ways.iter().all(|way| way.events.len() == 2 && way.again.is_empty()));
    // The first is told first, and what comes later is the second's.
    assert_eq!(ways[0].events[1].kind, matched(5, Verdict::Accept));
}

#[test]
fn what_others_have_traced_is_none_of_ours() {
    let stranger = event(3, OWN, "output", matched(6, Verdict::Accept), sent(3, (WORLD, 80)));
    assert!(ways(vec![stranger]).is_empty());
}

#[test]
fn packets_settle_when_nothing_came_for_a_while() {
    let mut grouping = Grouping::default();
    grouping.add(begin(1, SENT, sent(1, (WORLD, 80))), 100);
    grouping.add(begin(2, SENT, sent(2, (WORLD, 81))), 150);
    assert!(grouping.settle(99).is_empty());
    assert_eq!(grouping.settle(100).len(), 1);
    assert!(!grouping.is_empty());
    // A later one waits for what was before it.
    grouping.add(begin(3, SENT, sent(3, (WORLD, 82))), 160);
    grouping.add(behind_nat(2, "sent_rewritten", sent(2, (WORLD, 81))), 170);
    assert!(grouping.settle(160).is_empty());
    assert_eq!(grouping.settle(u64::MAX).len(), 2);
}

#[test]
fn a_drop_of_others_is_told_even_after_a_capture() {
    let to = (WORLD, 80);
    let followed = one(vec![
        begin(1, SENT, sent(1, to)),
        event(1, OWN, "output", matched(6, Verdict::Accept), sent(1, to)),
        event(1, OTHER, "out", matched(7, Verdict::Drop), sent(1, to)),
    ]);
    assert_eq!(followed.fate, Fate::Dropped { step: 1 });
    assert!(!followed.met[1].is_own);
}

#[test]
fn a_policy_that_drops_ends_a_packet() {
    let to = (WORLD, 80);
    let drop = EventKind::Policy(Outcome::Decided(Verdict::Drop));
    let followed =
        one(vec![begin(1, SENT, sent(1, to)), event(1, OTHER, "out", drop, sent(1, to))]);
    assert_eq!(followed.fate, Fate::Dropped { step: 0 });
    assert_eq!(followed.met[0].step.text, "policy drop");
}

#[test]
fn a_later_packet_of_a_captured_connection_says_so() {
    let after = headers((Ipv4Addr::LOCALHOST, 15001), None, Some(LO), 1);
    let mut behind = behind_nat(1, "sent_rewritten", after);
    let followed = one(vec![begin(1, SENT, sent(1, (WORLD, 80))), behind.clone()]);
    assert_eq!(followed.fate, Fate::Captured { port: 15001, by: None });
    assert!(followed.notes[0].starts_with("not asked: output."), "{:?}", followed.notes);

    behind.tracked = Some(Tracked { direction: Direction::Reply });
    let followed = one(vec![begin(1, SENT, sent(1, (WORLD, 80))), behind]);
    assert!(followed.notes[0].starts_with("an answer"), "{:?}", followed.notes);
}

#[test]
fn what_others_rewrite_is_not_called_captured() {
    let after = headers((Ipv4Addr::new(10, 96, 0, 1), 8080), None, Some(ETH0), 1);
    let followed = one(vec![
        begin(1, SENT, sent(1, (WORLD, 80))),
        event(1, OTHER, "nat", accepted(), sent(1, (WORLD, 80))),
        behind_nat(1, "sent_rewritten", after),
    ]);
    let (address, port) = (Ipv4Addr::new(10, 96, 0, 1).into(), Some(8080));
    assert_eq!(followed.fate, Fate::Rewritten { address, port });
}

#[test]
fn what_passes_is_direct_by_a_rule_or_by_none() {
    let to = (WORLD, 9999);
    let by = |kind| {
        one(vec![
            begin(1, SENT, sent(1, to)),
            event(1, OWN, "output", kind, sent(1, to)),
            behind_nat(1, "sent_rewritten", sent(1, to)),
        ])
    };
    let followed = by(matched(5, Verdict::Accept));
    assert_eq!(followed.fate, Fate::Direct { step: Some(0) });
    assert!(followed.notes.is_empty(), "{:?}", followed.notes);
    assert_eq!(by(accepted()).fate, Fate::Direct { step: None });
}

#[test]
fn what_none_of_our_chains_saw_is_told_with_the_reason() {
    let to = (WORLD, 80);
    let followed = one(vec![
        begin(1, SENT, sent(1, to)),
        behind_nat(1, "sent_rewritten", sent(1, to)),
        event(1, OTHER, "out", matched(8, Verdict::Return), sent(1, to)),
        event(1, OTHER, "out", EventKind::Return, sent(1, to)),
        event(1, OTHER, "out", matched(99, Verdict::Accept), sent(1, to)),
    ]);
    assert_eq!(followed.fate, Fate::NotSeen);
    assert_eq!(followed.notes.len(), 1);
    let texts: Vec<&str> = followed.met.iter().map(|met| met.step.text.as_str()).collect();
    assert_eq!(texts, ["return", "a rule that is gone, handle 99"]);
}

#[test]
fn a_filter_that_contradicts_itself_is_refused() {
    let any = Filter {
        transport: Transport::Icmp,
        from: None,
        to: None,
        source_port: None,
        port: None,
        uid: None,
    };
    let ports = Filter { port: "80".parse().ok(), ..any };
    assert_eq!(trace_table(&ports, "").unwrap_err(), Mismatch::IcmpPort);
    let (from, to) = ("10.0.0.1".parse().unwrap(), "fd88::/64".parse().unwrap());
    let families = Filter { from: Some(from), to: Some(to), ..any };
    assert_eq!(trace_table(&families, "").unwrap_err(), Mismatch::Families { from, to });
    // A user is a socket's, and what comes in has none.
    let of_user = trace_table(&Filter { uid: Some(1000), ..any }, "").unwrap();
    let counts: Vec<usize> = of_user.chains.iter().map(|chain| chain.rules.len()).collect();
    assert_eq!(counts, [0, 2, 0, 0]);
    assert!(of_user.chains.iter().all(|chain| chain.base.is_some()));
}
