//! Where Istio's rules are wrong and ours are right: one check of real traffic, on both.
//!
//! It runs the build of the profile `quick`: `cargo build --profile quick` first, as `integration/run istio` does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod command;
mod dns_groups;
mod doors;
mod dry_run;
mod families;
mod ids;
mod invalid;
mod leftovers;
mod mesh;
mod routes;
mod seeds;
mod single_port;
mod tunnel;
mod unready;
