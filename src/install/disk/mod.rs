//! The node's folders on disk: read into a value, changed step by step.

mod dir;
mod exchange;
mod lock;
mod read;
mod recover;
mod temp;
mod write;

use std::path::{Path, PathBuf, absolute};

pub(super) use dir::Dir;
pub(super) use lock::turn;
pub(super) use read::read_node;
pub(super) use recover::{is_unfinished, recover};
pub(super) use write::{Written, carry_out};

/// Where a node's folders are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// What no link leads out of, as where the host's root is mounted.
    pub root: PathBuf,
    /// The folder of the network configuration, with the root in front.
    pub conf: PathBuf,
    /// The folder of the plugins' binaries, with the root in front.
    pub bin: PathBuf,
}

impl Places {
    /// These folders below another root.
    #[must_use]
    pub fn below(root: &Path, conf: &Path, bin: &Path) -> Places {
        // Plugins run in another working directory. It fails only where that is gone.
        let root = absolute(root).unwrap_or_else(|_| root.to_owned());
        let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
        Places { conf: below(conf), bin: below(bin), root }
    }
}
