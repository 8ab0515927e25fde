//! How connections come to the proxy: by NAT, by TPROXY, and by TPROXY without connection
//! tracking; what that sets up besides rules, and what is left of it. Needs root, nft, iproute2 and
//! conntrack.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod before;
mod capture;
mod drain;
mod effects;
mod harness;
mod invalid;
mod modes;
mod notrack;
mod ownerless;
mod passed;
mod refused;
mod replace;
mod slip;
mod stray;
mod transitions;
