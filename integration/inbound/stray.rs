//! A stray ACK does not open a way past the proxy for the connection that follows it.

use nftdivert::demo::{Outcome, User};
use nftdivert_integration::dialling::dial;
use nftdivert_integration::segment::stray_ack;

use crate::harness::{cases, peer, pod, set};

/// Options that a stray ACK may carry; a listener drops some of them without an answer.
const OPTIONS: [(&str, &[u8]); 3] = [
    ("none", &[]),
    ("TCP-MD5", &[1, 1, 19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    ("unknown", &[253, 4, 1, 2]),
];

#[test]
fn whatever_its_options_the_connection_that_follows_is_captured() {
    for case in cases() {
        let fixture = case.start("", "");
        let mut port = 41_000;
        for loose in ["1", "0"] {
            set(&fixture.bed.pod, "netfilter/nf_conntrack_tcp_loose", loose);
            for ((name, options), (to, client)) in OPTIONS.into_iter().flat_map(|option| {
                pod(8080).into_iter().zip(peer()).map(move |ends| (option, ends))
            }) {
                port += 1;
                let from = (client, port).into();
                stray_ack(&fixture.bed.peer, User::ROOT, from, to, options);
                let (_stream, line) = dial(&fixture.bed.peer, User::ROOT, from, to)
                    .unwrap_or_else(|error| panic!("{case:?} {name} {to}: {error}"));
                assert!(!line.contains(&format!(" {from} ")), "{case:?} {name}: {line}");
                let is_seen = |seen: &nftdivert::demo::Seen| {
                    (seen.peer, seen.original, seen.outcome) == (from, to, Outcome::Forwarded)
                };
                assert!(fixture.proxy.seen().iter().any(is_seen), "{case:?} {name} {to}");
            }
        }
    }
}
