//! What goes wrong on the way to a node's folders.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::geteuid;

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
    #[error("{doing} {path}: {source}{advice}", path = path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
        /// What a user can do.
        advice: String,
    },
    /// A folder is a link, and what it leads to is not below the root.
    #[error(
        "{path} is a link to {link}, and nothing is there below {root}: mount what it leads to as well, \
         or give the folder's own path", path = path.display(), link = link.display(), root = root.display()
    )]
    LeadsNowhere {
        /// The link.
        path: PathBuf,
        /// What it says.
        link: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// Another run holds the lock.
    #[error(
        "another nftdivert has held the lock {path} for {} s; let it come to its end, or end it, and \
         run this again", waited.as_secs(), path = path.display()
    )]
    Locked {
        /// The lock.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// The kernel has no random numbers for the name of a file.
    #[error("get random numbers for a file's name: {source}")]
    Random {
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

impl InstallError {
    /// A file or folder can't be read or changed.
    pub(super) fn file(doing: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        let denied = denied(path, &source).map(|why| format!(" ({why})"));
        let advice = denied.unwrap_or_else(|| hint(&source).to_owned());
        InstallError::File { doing, path: path.to_owned(), source, advice }
    }
}

/// Whose what is in the way is, who we are, and what helps, where an owner's permissions are lacking.
pub(super) fn denied(path: &Path, error: &io::Error) -> Option<String> {
    if error.raw_os_error() != Some(Errno::EACCES as i32) {
        return None;
    }
    let seen = path.ancestors().find_map(|it| Some((it, fs::symlink_metadata(it).ok()?)));
    let (path, metadata) = seen?;
    Some(format!(
        "{} belongs to uid {} and gid {} with mode {:04o}, and this process has uid {} without the \
         right to pass over that: run it as uid {}, or give it the capability CAP_DAC_OVERRIDE",
        path.display(),
        metadata.uid(),
        metadata.gid(),
        metadata.mode() & 0o7777,
        geteuid(),
        metadata.uid(),
    ))
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() == io::ErrorKind::ReadOnlyFilesystem {
        true => " (in a container: mount the folder from the host, writable)",
        false => "",
    }
}
