//! Capture where traffic already flows: nothing breaks, nothing slips past, every failure leaves
//! the state before. Needs root, nft, iproute2, strace and util-linux.

mod before;
mod contention;
mod cost;
mod drain;
mod failure;
mod injected;
mod leftovers;
mod readonly;
mod remove;
mod replace;
mod slip;
mod source;
mod strangers;
mod stray;
mod support;
