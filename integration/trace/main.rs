//! `nftdivert trace` on packets that pass: what it says of each is what became of it, and nothing
//! stays, however it ends. Needs root, nft and iproute2.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod fates;
mod harness;
mod life;
mod narrow;
mod others;
