//! The CNI plugin as runtimes start it: every point of the contract, in real namespaces.
//!
//! A test's name begins with the number of its point. It runs the debug build: `cargo build` first, as
//! `integration/run cni` does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod add;
mod chain;
mod check;
mod codes;
mod converging;
mod daemon;
mod del;
mod environment;
mod failing;
mod gc;
mod logs;
mod own;
mod permitted;
mod status;
mod versions;
