//! The CNI plugin: what a container runtime asks for by environment and standard input, answered on
//! standard output.
//!
//! [`request::Request::read`] says what is asked, without any effect; [`decide()`] what that
//! means for the pod. One file per verb does it, by the same `apply`, `verify` and `remove` as the
//! other doors. `docs/cni.md` is the reference for users.

mod add;
mod check;
mod daemon;
mod decide;
mod del;
mod door;
mod error;
mod gc;
mod log;
mod place;
mod reply;
pub mod request;
mod status;
mod stdin;

pub use decide::{Decision, decide};
pub use door::{about, run};
pub use error::{CniError, Code};
pub use reply::{Reply, error_object};
