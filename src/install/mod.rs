//! The plugin on a node: its binary among the node's plugins, its entry in the network
//! configuration, and the way back.
//!
//! [`chain()`], [`standalone()`], [`repair()`] and [`uninstall()`] say what shall be done to a [`Node`],
//! which is a value; they touch nothing. [`decide()`] puts them together, and an [`Installer`] reads
//! the node's folders, asks its plugins for their versions, and carries the steps out. [`watch()`]
//! does so whenever a folder changes.

mod ask;
mod chain;
mod choose;
mod conf;
mod credentials;
mod decide;
mod diff;
mod disk;
mod edit;
mod entry;
mod error;
mod folder;
mod json;
mod kept;
mod refusal;
mod repair;
mod run;
mod standalone;
mod step;
mod uninstall;
mod versions;
mod wanted;
mod watch;
mod wrap;

pub use chain::chain;
pub use choose::STANDALONE;
pub use decide::{Broken, Decision, Work, asks, decide};
pub use diff::diff;
pub use disk::Places;
pub use entry::Entry;
pub use error::InstallError;
pub use folder::{BINARY, Bin, File, Folder, Found, LONGEST, Node, OurBinary, TEMP};
pub use refusal::Refusal;
pub use repair::repair;
pub use run::{Installer, own_binary};
pub use standalone::{standalone, template};
pub use step::{Plan, Step};
pub use uninstall::{BinaryFate, uninstall};
pub use versions::to_ask;
pub use wanted::{Answer, Answers, Meshes, Wanted, Way};
pub use watch::{Event, watch};
