//! Puts a network namespace's traffic through its proxy: nf_tables over netlink, in one
//! transaction.
//!
//! A [`policy::CapturePolicy`] says what to capture. [`plan::plan`] makes of it, and of what is
//! known of the namespace, a ruleset and the few effects that stand outside nf_tables; it asks
//! nobody anything. [`apply::apply`] reads what is there, writes what differs, and puts
//! everything back if a step fails. [`verify::verify`] reads back and compares expression by
//! expression; [`verify::probe::probe`] proves from inside, without any privilege, what can be
//! proven there. [`apply::remove`] takes away all that is ours.
//!
//! `docs/architecture.md` says which module may know which.

pub mod apply;
pub mod cli;
pub mod cni;
pub mod demo;
pub mod dialect;
pub mod draw;
pub mod explain;
pub mod follow;
pub mod install;
pub mod net;
pub mod netlink;
pub mod nft;
pub mod plan;
pub mod policy;
pub mod process;
pub mod ruleset;
pub mod trace;
pub mod verify;
pub mod words;

/// The examples of the README, so that they compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The examples of the guide for mesh authors, so that they hold.
#[cfg(doctest)]
#[doc = include_str!("../docs/mesh-authors.md")]
struct MeshAuthors;
