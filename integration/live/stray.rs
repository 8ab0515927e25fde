//! A stray ACK does not open a way past the proxy for the connection that follows it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::net::SocketAddr;

use nftdivert::demo::Direction;
use nftdivert::demo::bed::{PEER_V4, PEER_V6, POD_V4, POD_V6};
use nftdivert::policy::CapturePolicy;

use crate::support::{Pod, Way, said, set_tcp_loose, ways};
use nftdivert_integration::dialling::dial;
use nftdivert_integration::segment::stray_ack;

/// Options that a stray ACK may carry; a listener drops some of them without an answer.
const OPTIONS: [(&str, &[u8]); 5] = [
    ("none", &[]),
    ("TCP-MD5", &[1, 1, 19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    ("TCP-AO", &[29, 16, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    ("unknown", &[253, 4, 1, 2]),
    ("cut short", &[1, 1, 1, 8]),
];

/// Capture as it is often written: what is not a SYN does not match.
const SYN_ONLY: &str = "
table inet reference {
	chain output {
		type nat hook output priority -100; policy accept;
		oifname \"lo\" accept
		meta skuid 1337 accept
		tcp flags & (fin|syn|rst|ack) == syn redirect to :15001
	}
	chain prerouting {
		type nat hook prerouting priority -100; policy accept;
		tcp flags & (fin|syn|rst|ack) == syn redirect to :15006
	}
}";

fn source(way: Way, port: u16) -> SocketAddr {
    match (way.direction, way.to.is_ipv4()) {
        (Direction::Outbound, true) => (POD_V4, port).into(),
        (Direction::Outbound, false) => (POD_V6, port).into(),
        (Direction::Inbound, true) => (PEER_V4, port).into(),
        (Direction::Inbound, false) => (PEER_V6, port).into(),
    }
}

/// Sends the ACK, connects on the same ports, and tells whether the proxy got the connection.
fn is_captured_after(pod: &Pod, way: Way, port: u16, options: &[u8]) -> bool {
    let (place, user) = pod.client(way);
    let from = source(way, port);
    stray_ack(place, user, from, way.to, options);
    let (_stream, line) = dial(place, user, from, way.to)
        .unwrap_or_else(|error| panic!("{way:?} {options:?}: {error}"));
    let is_direct = line.contains(&format!(" {from} "));
    assert_ne!(is_direct, pod.has_captured(way, from), "{way:?} {line}");
    !is_direct
}

/// Which of all cases passed the proxy by.
fn slipped(pod: &Pod, loose: u32) -> Vec<String> {
    set_tcp_loose(&pod.bed.pod, loose);
    let mut slipped = Vec::new();
    for (way, port) in ways().into_iter().zip([41000, 42000, 43000, 44000]) {
        for ((name, options), nth) in OPTIONS.into_iter().zip(0..) {
            let port = port + nth + 100 * u16::try_from(loose).unwrap();
            if !is_captured_after(pod, way, port, options) {
                slipped.push(format!("{:?} {} {name}", way.direction, way.to));
            }
        }
    }
    slipped
}

#[test]
fn whatever_its_options_the_connection_that_follows_is_captured() {
    let pod = Pod::new();
    pod.apply(&CapturePolicy::default()).unwrap();
    for loose in [1, 0] {
        assert_eq!(slipped(&pod, loose), Vec::<String>::new(), "with tcp_loose {loose}");
    }
}

#[test]
fn rules_that_match_syn_alone_let_it_slip() {
    let pod = Pod::new();
    said(&pod.bed.pod, "ip -6 address add ::6/128 dev lo nodad", "");
    said(&pod.bed.pod, "nft -f -", SYN_ONLY);
    let loose = slipped(&pod, 1);
    println!("slipped past rules for SYN alone: {loose:?}");
    for way in ways() {
        let case = format!("{:?} {} TCP-MD5", way.direction, way.to);
        assert!(loose.contains(&case), "{case} was captured; slipped: {loose:?}");
    }
    assert_eq!(slipped(&pod, 0), Vec::<String>::new(), "with tcp_loose 0");
}
