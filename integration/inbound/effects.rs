//! What TPROXY sets up besides rules: there once, found when it is gone, and taken back whole.

use nftdivert::apply::Outcome;
use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{assert_clean, check, put, take_away};
use nftdivert_integration::shell::ip;

use crate::harness::{STEERING, State, policy, set};

fn bed() -> Bed {
    Bed::new(BedOptions::default()).unwrap()
}

/// Rules and routes that are not there without capture, of both families.
fn added(place: &Netns, bare: &State) -> [[Vec<String>; 2]; 2] {
    let now = State::of(place);
    let new = |now: &[Vec<String>; 2], before: &[Vec<String>; 2]| {
        [0, 1].map(|family| {
            let lines = now[family].iter().filter(|line| !before[family].contains(line));
            lines.cloned().collect::<Vec<_>>()
        })
    };
    [new(&now.rules, &bare.rules), new(&now.routes, &bare.routes)]
}

#[track_caller]
fn is_routed_once(place: &Netns, bare: &State, (mark, table): (&str, &str)) {
    let rule = format!("13370:\tfrom all fwmark {mark} lookup {table} proto 237");
    let route = |family| match family {
        4 => format!("local default dev lo table {table} proto 237 scope host"),
        _ => format!("local default dev lo table {table} proto 237 metric 1024 pref medium"),
    };
    let wanted = [[vec![rule.clone()], vec![rule]], [vec![route(4)], vec![route(6)]]];
    assert_eq!(added(place, bare), wanted);
}

#[test]
fn they_are_there_once_after_many_applies_and_gone_after_removal() {
    for mode in STEERING {
        let bed = bed();
        let before = State::of(&bed.pod);
        let text = policy(mode, "", "");
        for outcome in [Outcome::Created, Outcome::Unchanged, Outcome::Unchanged] {
            assert_eq!(put(&bed.pod, &text).unwrap().outcome, outcome);
            is_routed_once(&bed.pod, &before, ("0x539", "133"));
            assert_clean(&bed.pod, &text);
        }
        take_away(&bed.pod).unwrap();
        assert_eq!(State::of(&bed.pod), before, "{mode}");
    }
}

#[test]
fn another_mark_and_table_take_the_place_of_the_former() {
    for mode in STEERING {
        let bed = bed();
        let before = State::of(&bed.pod);
        let of = |mark: &str, table: &str| {
            policy(mode, &format!(", tproxy: {{mark: {mark}, table: {table}}}"), "")
        };
        for (mark, table) in [("0x539", "133"), ("0x53b", "133"), ("0x53b", "134")] {
            put(&bed.pod, &of(mark, table)).unwrap();
            is_routed_once(&bed.pod, &before, (mark, table));
        }
        put(&bed.pod, &policy("redirect", "", "")).unwrap();
        let now = State::of(&bed.pod);
        assert_eq!((now.rules, now.routes), (before.rules.clone(), before.routes.clone()));
        assert_eq!(now.settings[..3], before.settings[..3], "{mode}");
        take_away(&bed.pod).unwrap();
        assert_eq!(State::of(&bed.pod), before, "{mode}");
    }
}

/// What of somebody else would take the marked packets elsewhere.
const IN_THE_WAY: [&str; 5] = [
    "rule add fwmark 1337 lookup 200 priority 100",
    "-6 rule add fwmark 1337 lookup 200 priority 100",
    "route add unreachable default table 133",
    "-6 route add unreachable default table 133",
    "-6 rule add fwmark 1337 blackhole priority 5",
];

#[test]
fn what_is_in_the_way_is_told_and_nothing_is_left() {
    for mode in STEERING {
        for words in IN_THE_WAY {
            let bed = bed();
            ip(&bed.pod, words);
            let before = State::of(&bed.pod);
            let error = put(&bed.pod, &policy(mode, "", "")).unwrap_err().to_string();
            assert!(error.starts_with("can't set up"), "{words}: {error}");
            println!("{mode}, {words}: {error}");
            assert_eq!(State::of(&bed.pod), before, "{mode} {words}");
        }
    }
}

#[test]
fn it_leaves_the_former_policy_in_force() {
    for mode in STEERING {
        for words in IN_THE_WAY {
            let bed = bed();
            put(&bed.pod, "counters: on").unwrap();
            ip(&bed.pod, words);
            let before = State::of(&bed.pod);
            put(&bed.pod, &policy(mode, "", "")).unwrap_err();
            assert_eq!(without_time(State::of(&bed.pod)), without_time(before), "{mode} {words}");
            assert_clean(&bed.pod, "counters: on");
        }
    }
}

/// Istio's route is as good as ours; it is not taken away with ours.
#[test]
fn a_route_that_is_as_ours_is_let_be() {
    for mode in STEERING {
        let bed = bed();
        for family in ["", "-6 "] {
            ip(&bed.pod, &format!("{family}route add local default dev lo table 133"));
        }
        let before = State::of(&bed.pod);
        let text = policy(mode, "", "");
        put(&bed.pod, &text).unwrap();
        assert_clean(&bed.pod, &text);
        take_away(&bed.pod).unwrap();
        assert_eq!(State::of(&bed.pod), before, "{mode}");
    }
}

/// The record's chain may stand elsewhere.
fn without_time(state: State) -> State {
    let mut blocks: Vec<&str> = state.ruleset.split("\n\tchain ").collect();
    blocks.iter_mut().for_each(|block| *block = block.trim_end_matches(['\n', '}']));
    blocks.sort_unstable();
    State { ruleset: blocks.join("\n"), ..state }
}

#[test]
fn what_somebody_takes_away_is_found_and_put_back() {
    let gone = [
        "rule del fwmark 1337 lookup 133",
        "-6 rule del fwmark 1337 lookup 133",
        "route del local default dev lo table 133",
        "-6 route del local default dev lo table 133",
    ];
    for mode in STEERING {
        for words in gone {
            let bed = bed();
            let before = State::of(&bed.pod);
            let text = policy(mode, "", "");
            put(&bed.pod, &text).unwrap();
            ip(&bed.pod, words);
            let found = check(&bed.pod, &text).unwrap().differences;
            assert_eq!(found.len(), 1, "{words}: {found:?}");
            assert_eq!(found[0].found, None, "{words}");
            assert_eq!(put(&bed.pod, &text).unwrap().outcome, Outcome::Replaced, "{words}");
            is_routed_once(&bed.pod, &before, ("0x539", "133"));
            assert_clean(&bed.pod, &text);
            take_away(&bed.pod).unwrap();
            assert_eq!(State::of(&bed.pod), before, "{mode} {words}");
        }
    }
}

#[test]
fn settings_that_somebody_switches_off_are_found_and_switched_on() {
    for name in ["ipv4/tcp_fwmark_accept", "ipv4/fwmark_reflect", "ipv6/fwmark_reflect"] {
        let bed = bed();
        let before = State::of(&bed.pod);
        let text = policy("tproxyFast", "", "");
        put(&bed.pod, &text).unwrap();
        set(&bed.pod, name, "0");
        let found = check(&bed.pod, &text).unwrap().differences;
        let name = name.replace('/', ".");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].object, format!("sysctl net.{name}=1"));
        put(&bed.pod, &text).unwrap();
        assert_clean(&bed.pod, &text);
        take_away(&bed.pod).unwrap();
        assert_eq!(State::of(&bed.pod), before);
    }
}

#[test]
fn settings_that_were_on_before_stay_on() {
    let bed = bed();
    set(&bed.pod, "ipv4/fwmark_reflect", "1");
    let before = State::of(&bed.pod);
    put(&bed.pod, &policy("tproxyFast", "", "")).unwrap();
    put(&bed.pod, "").unwrap();
    put(&bed.pod, &policy("tproxyFast", "", "")).unwrap();
    take_away(&bed.pod).unwrap();
    assert_eq!(State::of(&bed.pod), before);
}
