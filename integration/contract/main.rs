//! The lines of the capture contract, by their numbers, as connections see them: for the default
//! policy, and for one that has every setting at once. Needs root, nft and iproute2.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod default;
mod everything;
mod scene;
mod variations;
