//! `nftdivert probe`, without any capability: what it proves, what it can't, and what it sees fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod failed;
mod harness;
mod proven;
mod unproven;
