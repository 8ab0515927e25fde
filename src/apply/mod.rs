//! Makes a namespace be as planned, or leaves it as it was; takes capture away again; tells what
//! is there.

mod ahead;
mod bridge;
mod cut;
mod drain;
mod effects;
mod error;
mod existing;
mod ledger;
mod observe;
pub mod others;
mod put;
mod record;
mod remove;
mod retry;
mod status;
mod target;
mod turn;
mod undo;
mod work;
mod write;

pub use drain::DrainProgress;
pub use effects::is_in_place;
pub use error::{ApplyError, EffectError};
pub use observe::{Observed, Ours, look_up, observe};
pub use put::{Applied, ApplyOptions, LiveConnections, OtherMeshes, Outcome, apply};
pub use record::{RECORD_CHAIN, Record, Version};
pub use remove::{Captured, RemoveOptions, Removed, remove};
pub use status::{State, Status, status};
pub use target::{HostRule, Inside, Target};
pub use undo::Undo;
