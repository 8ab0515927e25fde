//! The plugin on a node: its binary among the node's plugins, its entry in the network
//! configuration, and the way back.
//!
//! [`chain`], [`standalone`], [`repair`] and [`uninstall`] say what shall be done to a [`Node`],
//! which is a value; they touch nothing.

mod chain;
mod choose;
mod conf;
mod edit;
mod entry;
mod folder;
mod json;
mod kept;
mod refusal;
mod repair;
mod standalone;
mod step;
mod uninstall;
mod versions;
mod wanted;
mod wrap;

pub use chain::chain;
pub use choose::STANDALONE;
pub use entry::Entry;
pub use folder::{BINARY, Bin, File, Folder, Found, LONGEST, Node, OurBinary, TEMP};
pub use refusal::Refusal;
pub use repair::repair;
pub use standalone::{TEMPLATE, standalone};
pub use step::{Plan, Step};
pub use uninstall::{BinaryFate, uninstall};
pub use versions::to_ask;
pub use wanted::{Answer, Answers, Meshes, Wanted, Way};
