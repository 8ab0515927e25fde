//! Capture rules of others: who made them, what they do, and how they go.
//!
//! Two captures in one namespace mean that connections are redirected twice. Known meshes are
//! refused or taken away, other redirects are told.

mod error;
mod finding;
mod judge;
mod look;
mod mesh;
mod place;
mod removal;
mod table;

pub use error::OthersError;
pub use finding::{Effect, Finding, Severity, What, Who};
pub use look::{Others, find};
pub use mesh::Mesh;
pub use place::{Backend, Place};
pub use removal::{deletions, take_over_legacy};
