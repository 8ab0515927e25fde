//! Tens of thousands of ranges.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use nftdivert::apply::{Captured, Outcome, RemoveOptions, apply, remove};
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;
use nftdivert::words::Cidr;

use crate::support::{options, target};

/// So many ranges, of both families, none of which touches another.
fn excluding(number: u32, shift: u32) -> CapturePolicy {
    let mut policy = CapturePolicy::default();
    let range = |index: u32| {
        let (half, host) = (index / 2, 1 + shift);
        if index.is_multiple_of(2) {
            Cidr::new(Ipv4Addr::from_bits(0x0a00_0000 + 4 * half + host).into(), 32)
        } else {
            let bits = 0xfd00 << 112 | u128::from(4 * half + host);
            Cidr::new(Ipv6Addr::from_bits(bits).into(), 128)
        }
    };
    policy.outbound.exclude_ranges = (0..number).map(|index| range(index).unwrap()).collect();
    policy
}

fn timed<T>(what: &str, job: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = job();
    println!("{what}: {:?}", start.elapsed());
    value
}

/// The whole life of a capture with so many ranges.
fn live(number: u32) -> Duration {
    let place = Netns::anonymous().unwrap();
    let target = target(&place);
    let (one, other) = (excluding(number, 0), excluding(number, 1));
    let put = |policy| apply(&target, policy, &options()).unwrap().outcome;
    let is_clean = |policy| verify(&target, policy).unwrap().differences.is_empty();
    let start = Instant::now();
    assert_eq!(timed(&format!("apply {number}"), || put(&one)), Outcome::Created);
    assert!(timed("verify", || is_clean(&one)));
    assert_eq!(timed("apply again", || put(&one)), Outcome::Unchanged);
    assert_eq!(timed("replace all", || put(&other)), Outcome::Replaced);
    assert!(is_clean(&other) && !is_clean(&one));
    let options = RemoveOptions { captured: Captured::Cut, progress: &|_| () };
    assert!(timed("remove", || remove(&target, &options)).unwrap().was_there);
    start.elapsed()
}

#[test]
fn twenty_thousand_and_five_times_as_many() {
    let small = live(20_000);
    let large = live(100_000);
    println!("in all {small:?} and {large:?}");
    // Five times as many take five times as long, or twenty-five times if something is quadratic.
    assert!(large < small * 15, "{small:?} and {large:?}");
}
