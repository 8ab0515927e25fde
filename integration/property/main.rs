//! Any policy on the real kernel: what nft makes of its text, and what comes and goes with it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod cases;
#[path = "../../tests/support/policies.rs"]
mod policies;
mod scene;
mod text;
mod there_and_back;
mod twice;
