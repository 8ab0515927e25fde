//! What goes wrong on the way to a node's folders.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

use super::refusal::Refusal;

/// An installation that did not come to its end. Each step happened wholly or not at all, the node
/// starts pods, and the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Nothing was changed, for it would make things worse.
    #[error("{folder}: {source}", folder = folder.display())]
    Refused {
        /// The folder of the configuration.
        folder: PathBuf,
        /// Why.
        #[source]
        source: Box<Refusal>,
    },
    /// The broken file was mended, but ours could not be installed.
    #[error("{folder}: mended, but nothing is installed: {source}", folder = folder.display())]
    MendedOnly {
        /// The folder of the configuration.
        folder: PathBuf,
        /// Why.
        #[source]
        source: Box<Refusal>,
    },
    /// A file or folder can't be read or changed.
    #[error("{doing} {path}: {source}{}", advice(.source), path = path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Somebody else changes the file whenever we are about to.
    #[error("{path} changed while it was read, several times; try again", path = path.display())]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// The folders can't be watched.
    #[error("watch the folders: {doing}: {source}")]
    Watch {
        /// The system call.
        doing: &'static str,
        /// What the kernel said.
        source: Errno,
    },
}

fn advice(source: &io::Error) -> &'static str {
    let kind = source.kind();
    if kind == io::ErrorKind::PermissionDenied {
        " (the node's folders are root's)"
    } else if kind == io::ErrorKind::ReadOnlyFilesystem {
        " (in a container: mount the folder from the host, writable)"
    } else {
        ""
    }
}
