//! A dry run touches nothing.

use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::generation;
use nftdivert_integration::ran::built;
use nftdivert_integration::shell::{ip, nft, nft_list, program, sysctl};

use crate::mesh::{REDIRECT, install};

const EVERYTHING: &str = "apiVersion: nftdivert/v1\nproxy: {uids: [1337, 2102]}\n\
     inbound: {mode: tproxyFast}\ndns: {capture: all}\n";

const SYSCTLS: [&str; 5] = [
    "netfilter/nf_conntrack_tcp_loose",
    "ipv4/tcp_fwmark_accept",
    "ipv4/fwmark_reflect",
    "ipv6/fwmark_reflect",
    "ipv4/conf/all/rp_filter",
];

/// All that an apply may change.
#[derive(Debug, PartialEq, Eq)]
struct State {
    generation: u32,
    rules: String,
    routing: Vec<String>,
    sysctls: Vec<String>,
}

fn state(place: &Netns) -> State {
    let read = || generation(&mut Connection::open(Family::Netfilter).unwrap()).unwrap();
    let shows = ["-4 rule show", "-6 rule show", "-4 route show table all", "-6 address show"];
    State {
        generation: place.run(read).unwrap(),
        rules: nft_list(place, "ruleset"),
        routing: shows.iter().map(|words| ip(place, words)).collect(),
        sysctls: SYSCTLS.iter().map(|name| sysctl(place, name)).collect(),
    }
}

/// What differs after `run`.
pub(crate) fn touched(run: impl Fn(&Netns)) -> Vec<&'static str> {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let before = state(&bed.pod);
    run(&bed.pod);
    let after = state(&bed.pod);
    let differs = [
        ("generation", before.generation != after.generation),
        ("rules", before.rules != after.rules),
        ("routing", before.routing != after.routing),
        ("sysctls", before.sysctls != after.sysctls),
    ];
    differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

/// The native agent's dry run gives its rules to nft as every run does.
#[test]
fn a_plan_touches_nothing() {
    assert_eq!(touched(|pod| install(pod, REDIRECT)), ["generation", "rules", "routing"]);

    let command = built();
    let binary = command.to_str().unwrap();
    let plan = |pod: &Netns, tail: &[&str], input: &str| {
        let planned = program(pod, &[&[binary, "plan"], tail].concat(), input);
        assert!(planned.contains("redirect to :15001"), "{planned}");
        planned
    };
    assert_eq!(touched(|pod| drop(plan(pod, &[], ""))), Vec::<&str>::new());
    let everything = |pod: &Netns| plan(pod, &["--policy", "-"], EVERYTHING);
    assert_eq!(touched(|pod| drop(everything(pod))), Vec::<&str>::new());
    // The text itself is what would be applied.
    assert_eq!(touched(|pod| nft(pod, &everything(pod))), ["generation", "rules"]);
    // The check sees each of them.
    let apply = |pod: &Netns| {
        program(pod, &[binary, "apply", "--policy", "-"], EVERYTHING);
    };
    assert_eq!(touched(apply), ["generation", "rules", "routing", "sysctls"]);
}
