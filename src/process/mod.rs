//! A process's groups, user and program: cgroups found and joined, privileges dropped, a command
//! that takes the process over, and being told to end.

pub mod cgroup;
pub mod command;
pub mod ending;
pub mod user;

mod capabilities;

pub use capabilities::raise_needed;
