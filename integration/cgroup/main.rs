//! Cgroups: found for matching, and joined by `nftdivert exec`; real processes in real groups.
//!
//! It runs the build of the profile `quick`: `cargo build --profile quick` first, as `integration/run cgroup` does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod exec;
mod find;
mod harness;
mod matching;
mod net_cls;
mod user;
