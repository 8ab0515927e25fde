//! Capture in real namespaces, seen from the app, the proxy and a peer outside. Needs root, nft
//! and iproute2.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod counters;
mod foreign;
mod identity;
mod inbound;
mod interfaces;
mod ipv6;
mod loopback;
mod outbound;
mod policies;
mod ports;
mod printed;
mod ranges;
mod reject;
mod scenery;
mod tamper;
mod tamper_objects;
mod transitions;
mod twice;
mod untouched;
