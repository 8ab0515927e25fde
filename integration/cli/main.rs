//! The command as users meet it: exit codes, messages, JSON, privileges, and what it does not do.
//!
//! It runs the build of the profile `quick`: `cargo build --profile quick` first, as `integration/run cli` does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod commands;
mod demo;
mod demo_variants;
mod explain;
mod harness;
mod messages;
mod privileges;
mod quiet;
