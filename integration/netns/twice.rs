//! An apply that has nothing to do writes nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::apply::Outcome;
use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert_integration::fixture::put;
use nftdivert_integration::shell::{ip, lo_ipv6, nft_list};

use crate::policies::{pairs, singles};

/// The generation of nf_tables, which each commit raises.
fn generation(place: &Netns) -> u32 {
    place
        .run(|| nftdivert::nft::generation(&mut Connection::open(Family::Netfilter).unwrap()))
        .unwrap()
        .unwrap()
}

#[test]
fn the_second_apply_writes_nothing() {
    let place = Netns::anonymous().unwrap();
    // A route needs its device up.
    ip(&place, "link set lo up");
    let start = generation(&place);
    for text in singles().into_iter().chain(pairs().into_iter().step_by(7)) {
        put(&place, &text).unwrap();
        let (before, table) = (generation(&place), nft_list(&place, "ruleset"));
        assert_eq!(put(&place, &text).unwrap().outcome, Outcome::Unchanged, "{text}");
        assert_eq!(generation(&place), before, "{text}");
        assert_eq!(nft_list(&place, "ruleset"), table, "{text}");
    }
    assert!(generation(&place) > start);
}

#[test]
fn the_second_apply_writes_nothing_where_effects_were_made() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    assert_eq!(put(&bed.pod, "").unwrap().outcome, Outcome::Created);
    let (before, addresses) = (generation(&bed.pod), lo_ipv6(&bed.pod));
    for _ in 0..3 {
        assert_eq!(put(&bed.pod, "").unwrap().outcome, Outcome::Unchanged);
    }
    assert_eq!((generation(&bed.pod), lo_ipv6(&bed.pod)), (before, addresses));
}

#[test]
fn other_words_for_the_same_policy_write_nothing() {
    let place = Netns::anonymous().unwrap();
    put(&place, "outbound: {ranges: [10.0.0.0/8, 11.0.0.0/8], includePorts: [80, 81, 82]}")
        .unwrap();
    let before = generation(&place);
    let same = "outbound: {ranges: [11.1.0.0/16, 10.0.0.0/7], includePorts: [80-82, 81]}";
    assert_eq!(put(&place, same).unwrap().outcome, Outcome::Unchanged);
    assert_eq!(generation(&place), before);
}
