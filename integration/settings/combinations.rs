//! Pairs of modes on one pod, each over the one before: DNS, identity and IPv6.

use nftdivert::demo::{Member, User};
use nftdivert_integration::fixture::assert_clean;

use crate::names::{BOTH, Names, named, unnamed};
use crate::scenery::{pod, world};

const MARK: u32 = 0x10000;

/// A policy's identity, and who is not the proxy by it, although nearly.
fn identities() -> [(&'static str, Vec<Member>); 3] {
    let by_mark = "proxy: {uids: [], gids: [], mark: 0x10000/0x10000}";
    let by_both = "proxy: {match: all, uids: [1337], mark: 0x10000/0x10000}";
    [
        ("proxy: {uids: [1337]}", vec![User::APP.marked(MARK)]),
        (by_mark, vec![User::PROXY.into()]),
        (by_both, vec![User::PROXY.into(), User::APP.marked(MARK)]),
    ]
}

/// The proxy has both the user and the mark, so that each identity is its own.
fn proxy() -> Member {
    User::PROXY.marked(MARK)
}

#[test]
fn every_pair_of_dns_identity_and_ipv6_behaves() {
    let names = Names::with_proxy("", proxy());
    let place = &names.fixture.bed.pod;
    for dns in ["all", "listed"] {
        for (identity, others) in identities() {
            for ipv6 in ["capture", "bypass", "reject"] {
                let policy = format!("{identity}\ndns: {{capture: {dns}}}\nipv6: {ipv6}");
                names.fixture.replace(&policy);
                assert_clean(place, &policy);
                for other in &others {
                    is_served(&names, other, ipv6, dns);
                }
            }
        }
    }
}

#[track_caller]
fn is_served(names: &Names, other: &Member, ipv6: &str, dns: &str) {
    let fixture = &names.fixture;
    let app = || other.clone();
    fixture.captured_outbound(app(), world()[0]);
    fixture.direct(proxy(), world()[0], "world");
    fixture.self_call(proxy(), pod()[0]);
    fixture.direct(app(), pod()[0], "app");
    fixture.captured_inbound(pod()[0]);
    for by in BOTH {
        for (place, (named, unnamed)) in named().into_iter().zip(unnamed()).enumerate() {
            match (place, ipv6) {
                (0, _) | (1, "capture") => {
                    names.captured(app(), named, by);
                    names.direct(proxy(), named, by);
                    if dns == "all" {
                        names.captured(app(), unnamed, by);
                    }
                }
                (_, "bypass") => {
                    names.direct(app(), named, by);
                    names.direct(proxy(), named, by);
                }
                _ => {
                    names.refused(app(), named, by);
                    names.refused(proxy(), named, by);
                }
            }
        }
    }
    let (world, pod) = (world()[1], pod()[1]);
    match ipv6 {
        "capture" => {
            fixture.captured_outbound(app(), world);
            fixture.direct(proxy(), world, "world");
            fixture.self_call(proxy(), pod);
            fixture.captured_inbound(pod);
        }
        "bypass" => {
            fixture.direct(app(), world, "world");
            fixture.direct_inbound(pod, "app");
        }
        _ => {
            let dial = nftdivert::demo::Dial::new(app(), world);
            dial.open(&fixture.bed.pod).unwrap_err();
        }
    }
}
