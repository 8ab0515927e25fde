//! Has the kernel trace packets for a while, and hands each over as it passes.
//!
//! The rules that mark packets for tracing stand in a table of their own, which belongs to one
//! socket: it ends with the process, however that ends.

mod error;
mod run;
mod signals;
mod table;

pub use error::TraceError;
pub use run::{Summary, Tables, Tell, Told, TraceOptions, Until, trace};
pub use signals::Signals;
