//! What can go wrong with a network namespace: what was tried, on which, and what helps.

use std::collections::BTreeSet;
use std::fs::read_dir;
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use thiserror::Error;

const LISTED_AT_MOST: usize = 8;
const PRIVILEGE: &str = "CAP_SYS_ADMIN in the user namespace that owns it, and in the caller's own";

/// A failure to find, make or enter a network namespace.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum NetnsError {
    /// The name can't be one: it would lead out of the folder.
    #[error("network namespace {name:?}: the name must be a plain file name, without slashes")]
    Name {
        /// The name as it was given.
        name: String,
    },
    /// No namespace has this name.
    #[error("{object}: no such file in {folder} ({known})")]
    Absent {
        /// What was looked for.
        object: String,
        /// Where it was looked for first.
        folder: &'static str,
        /// The names that exist, as words.
        known: String,
    },
    /// No process has this number.
    #[error("there is no process {pid}")]
    NoProcess {
        /// The number.
        pid: u32,
    },
    /// The file can't be opened.
    #[error("{object}: open {}: {source}{}", path.display(), opens(*source))]
    Open {
        /// What was looked for.
        object: String,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: Errno,
    },
    /// There is something else at the path.
    #[error("{object}: {} is {found}, not a network namespace", path.display())]
    NotNetwork {
        /// What was looked for.
        object: String,
        /// Where.
        path: PathBuf,
        /// What it is instead.
        found: &'static str,
    },
    /// A question about a namespace got no answer.
    #[error("{object}: {operation}: {source}")]
    Inspect {
        /// Which namespace.
        object: String,
        /// The question.
        operation: &'static str,
        /// Why not.
        source: Errno,
    },
    /// The kernel refused to let the thread in.
    #[error("enter network namespace net:[{inode}]: setns: {source}{}", needs(*source, PRIVILEGE))]
    Enter {
        /// The namespace's inode.
        inode: u64,
        /// Why not.
        source: Errno,
    },
    /// The kernel refused to make a new namespace.
    #[error(
        "create a network namespace: unshare: {source}{}",
        needs(*source, "CAP_SYS_ADMIN in the caller's user namespace")
    )]
    Create {
        /// Why not.
        source: Errno,
    },
    /// No thread could be started.
    #[error("{operation}: start a thread: {source}")]
    Thread {
        /// What the thread was for.
        operation: &'static str,
        /// Why not.
        source: io::Error,
    },
}

impl NetnsError {
    /// Whether the kernel refused for want of a privilege: the namespace itself may be the right
    /// one.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(
            self,
            Self::Open { source: Errno::EACCES | Errno::EPERM, .. }
                | Self::Enter { source: Errno::EPERM, .. }
                | Self::Create { source: Errno::EPERM }
        )
    }
}

// A process whose memory the caller may not read hides its namespaces (EACCES since 3.8).
fn opens(source: Errno) -> &'static str {
    match source == Errno::EACCES {
        true => " (a foreign process's namespace needs CAP_SYS_PTRACE over that process)",
        false => "",
    }
}

fn needs(source: Errno, privilege: &str) -> String {
    match source == Errno::EPERM {
        true => format!(" (needs {privilege})"),
        false => String::new(),
    }
}

/// The names of the files in `folders`, as words for an error message.
pub(super) fn known_in(folders: &[&str]) -> String {
    let entries = folders.iter().filter_map(|folder| read_dir(folder).ok()).flatten().flatten();
    let names: BTreeSet<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    match names.len() {
        0 => "there are none".to_owned(),
        1..=LISTED_AT_MOST => {
            format!("there are: {}", names.into_iter().collect::<Vec<_>>().join(", "))
        }
        many => format!("there are {many} others"),
    }
}
