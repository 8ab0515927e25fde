//! Routing rules do not pile up, and go.

use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{put, take_away};
use nftdivert_integration::shell::ip;

use crate::mesh::{REDIRECT, TPROXY, clean_up_routes, install};

const MODE: &str = "inbound: {mode: tproxy}";

fn place() -> Netns {
    let place = Netns::anonymous().unwrap();
    ip(&place, "link set lo up");
    place
}

/// How many rules lead to the table, and whether it has a route, by family.
fn routing(place: &Netns) -> [(usize, bool); 2] {
    ["-4", "-6"].map(|family| {
        let rules = ip(place, &format!("{family} rule show"));
        let routes = ip(place, &format!("{family} route show table all"));
        let is_ours = |line: &&str| line.contains("fwmark 0x539 lookup 133");
        (rules.lines().filter(is_ours).count(), routes.contains("table 133"))
    })
}

/// After one, two and three runs, and after the clean-up.
fn history(place: &Netns, run: impl Fn(), clean: impl Fn()) -> Vec<[(usize, bool); 2]> {
    let mut history = Vec::new();
    for _ in 0..3 {
        run();
        history.push(routing(place));
    }
    clean();
    history.push(routing(place));
    history
}

#[test]
fn one_rule_however_often_and_none_in_the_end() {
    let right = [[(1, true); 2], [(1, true); 2], [(1, true); 2], [(0, false); 2]];
    let theirs = place();
    let run = || install(&theirs, TPROXY);
    let found = history(&theirs, run, || clean_up_routes(&theirs));
    assert_eq!(found, [[(1, true); 2], [(2, true); 2], [(3, true); 2], [(4, false); 2]]);

    let ours = place();
    let run = || drop(put(&ours, MODE).unwrap());
    assert_eq!(history(&ours, run, || drop(take_away(&ours).unwrap())), right);
    let run = || {
        put(&ours, "counters: on").unwrap();
        put(&ours, MODE).unwrap();
    };
    assert_eq!(history(&ours, run, || drop(take_away(&ours).unwrap())), right);
}

#[test]
fn none_stays_when_the_mode_is_switched_off() {
    let theirs = place();
    install(&theirs, TPROXY);
    install(&theirs, REDIRECT);
    assert_eq!(routing(&theirs), [(1, true); 2]);

    let ours = place();
    put(&ours, MODE).unwrap();
    assert_eq!(routing(&ours), [(1, true); 2]);
    put(&ours, "").unwrap();
    assert_eq!(routing(&ours), [(0, false); 2]);
}
