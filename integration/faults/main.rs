//! What is left when a program is killed, refused, not answered or overtaken at any system call:
//! the state before, the state after, or what the next run finishes. Needs root, nft and strace.

mod errors;
mod kills;
mod racing;
mod refused;
mod scene;
mod silence;
mod stale;
mod state;
mod takeover;
