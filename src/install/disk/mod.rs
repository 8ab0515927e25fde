//! The node's folders on disk: read into a value, changed step by step.

mod lock;
mod read;
mod write;

use std::path::{Path, PathBuf};

pub(super) use lock::turn;
pub(super) use read::read_node;
pub(super) use write::{Written, carry_out};

/// Where a node's folders are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The folder of the network configuration.
    pub conf: PathBuf,
    /// The folder of the plugins' binaries.
    pub bin: PathBuf,
}

impl Places {
    /// These folders below another root.
    #[must_use]
    pub fn below(root: &Path, conf: &Path, bin: &Path) -> Places {
        let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
        Places { conf: below(conf), bin: below(bin) }
    }
}
