//! From every mode to every other: nothing of the former policy is left, in rules or besides.

use nftdivert::apply::Outcome;
use nftdivert::demo::{Bed, BedOptions};
use nftdivert_integration::fixture::{put, take_away};
use nftdivert_integration::listing::{listed, planned};

use crate::harness::State;
use crate::modes::all;

/// Every number below `count` next to every other one, in both orders, with few repetitions.
fn walk(count: usize) -> Vec<usize> {
    let mut steps = Vec::new();
    for one in 0..count {
        for other in one + 1..count {
            steps.extend([one, other]);
        }
    }
    steps.push(0);
    steps
}

/// Policies that need different things besides rules, with different sets and chains.
fn policies() -> Vec<String> {
    // A part of all; each pair of two modes is among them.
    let mut all: Vec<String> =
        all().into_iter().take(10).map(crate::modes::Modes::policy).collect();
    all.extend(
        [
            "inbound: {mode: tproxy, tproxy: {mark: 0x700, table: 700, outboundMark: 0x800}}",
            "inbound: {mode: tproxyFast, ports: [80, 90, 100, 110, 120], excludeSources: [192.0.2.0/24]}",
            "inbound: {mode: tproxy, ports: [80], dropInvalid: true}\ninterfaces: {virtual: [vm1]}",
            "inbound: {mode: redirect}\nloNotrack: true",
            "proxy: {passthroughSource: {ipv6: 'fd00::6'}}\ninbound: {mode: tproxyFast}\nloNotrack: true",
        ]
        .map(str::to_owned),
    );
    all
}

#[test]
fn nothing_of_the_former_policy_is_left() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let place = &bed.pod;
    let before = State::of(place);
    let policies = policies();
    // What each of them alone leaves in the namespace, besides rules.
    let alone: Vec<State> = policies
        .iter()
        .map(|text| {
            put(place, text).unwrap();
            let state = State::without_rules(place);
            take_away(place).unwrap();
            assert_eq!(State::of(place), before, "{text}");
            state
        })
        .collect();
    let mut former = "nothing";
    for step in walk(policies.len()) {
        let text = &policies[step];
        let applied = put(place, text).unwrap();
        assert_ne!(applied.outcome, Outcome::Unchanged);
        assert_eq!(applied.notes, applied.plan.notes, "{former} -> {text}");
        assert_eq!(listed(place), planned(&applied.plan), "{former} -> {text}");
        drop(applied);
        let mut state = State::without_rules(place);
        // This one stays as long as capture is in force.
        state.settings[3].clone_from(&alone[step].settings[3]);
        assert_eq!(state, alone[step], "{former} -> {text}");
        former = text;
    }
    take_away(place).unwrap();
    assert_eq!(State::of(place), before);
}
