//! Puts a network namespace's traffic through its proxy: nf_tables over netlink, in one
//! transaction.

pub mod apply;
pub mod cli;
pub mod demo;
pub mod net;
pub mod netlink;
pub mod nft;
pub mod plan;
pub mod policy;
pub mod ruleset;
pub mod verify;
pub mod words;
