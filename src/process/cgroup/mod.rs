//! Cgroups: the number by which the kernel knows one, and joining one.

mod error;
mod find;
mod join;
mod mounts;
mod namespace;
mod tree;

pub use error::CgroupError;
pub use find::{CgroupId, find};
pub use join::{join_net_cls, join_v2};
