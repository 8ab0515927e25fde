//! What other meshes say in their words, said as a capture policy.

pub mod istio;
mod told;

pub use told::{Flaw, Told};
