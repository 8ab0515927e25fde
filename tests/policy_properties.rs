//! What holds for every policy and for every text, and how long a large one may take.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use nftdivert::policy::CapturePolicy;
use proptest::prelude::*;

#[path = "support/checks/policy.rs"]
mod checks;
#[path = "support/policies.rs"]
mod policies;

/// What policies are made of, so that a text of these gets past the first line.
const PIECES: &[&str] = &[
    "apiVersion: nftdivert/v1\n",
    "proxy:\n",
    "  uids: ",
    "inbound:\n",
    "  ports: ",
    "all",
    "[",
    "]",
    "{",
    "}",
    ",",
    ": ",
    "- ",
    "? ",
    "\n",
    "  ",
    "&a ",
    "*a",
    "!!str ",
    "<<: ",
    "|\n",
    ">\n",
    "\"",
    "'",
    "80",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\t",
    "\r\n",
    "*",
    "~",
    "\u{0}",
    "\u{feff}",
    "é",
    "\\x",
    "counters: on\n",
];

fn almost_yaml() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn canonical_text_reads_back_and_has_a_plan(policy in policies::policy()) {
        checks::check_policy(&policy);
    }

    #[test]
    fn nothing_like_yaml_panics(text in almost_yaml()) {
        checks::check(text.as_bytes());
    }

    #[test]
    fn no_text_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), text in any::<String>()) {
        let _ = CapturePolicy::from_yaml(&String::from_utf8_lossy(&bytes));
        let _ = CapturePolicy::from_yaml(&text);
    }
}

/// A hundred thousand ranges, none next to another.
fn many_ranges(separator: &str) -> String {
    let hosts = (0..100_000_u32).map(|n| Ipv4Addr::from_bits(0x0a00_0000 + 2 * n).to_string());
    hosts.collect::<Vec<String>>().join(separator)
}

#[test]
fn a_hundred_thousand_ranges_take_no_time() {
    // Work that grows with the square of the ranges takes minutes; a debug build takes a few seconds.
    let start = Instant::now();
    let head = "apiVersion: nftdivert/v1\noutbound:\n  ranges:";
    for text in [
        format!("{head} [{}]\n", many_ranges(", ")),
        format!("{head}\n  - {}\n", many_ranges("\n  - ")),
    ] {
        let policy = CapturePolicy::from_yaml(&text).unwrap();
        let again = CapturePolicy::from_yaml(&policy.to_yaml()).unwrap();
        assert_eq!(again, policy);
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
}
