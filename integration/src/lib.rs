//! What the suites share.

pub mod asserts;
pub mod caller;
pub mod datagram;
pub mod dialling;
pub mod fate;
pub mod fixture;
pub mod injected;
pub mod knock;
pub mod listing;
pub mod net_cls;
pub mod ran;
pub mod seed;
pub mod segment;
pub mod shell;
pub mod strace;
