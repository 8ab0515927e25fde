//! What can go wrong with a user: what was tried, for whom, and what helps.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use thiserror::Error;

/// A failure to look up a user or to become one.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum UserError {
    /// The system does not know the user.
    #[error("there is no user {name:?} in /etc/passwd; write USER or USER:GROUP, or numbers")]
    NoUser {
        /// The name.
        name: String,
    },
    /// The system does not know the group.
    #[error("there is no group {name:?} in /etc/group; write USER:GROUP, or numbers")]
    NoGroup {
        /// The name.
        name: String,
    },
    /// The system's list names the impossible id.
    #[error("4294967295 is the kernel's \"no id\"; nobody can have it")]
    NoId,
    /// The system's list can't be read.
    #[error("look up the {kind} {name:?}: {source}")]
    Unread {
        /// `user` or `group`.
        kind: &'static str,
        /// The name or number.
        name: String,
        /// What the system said.
        source: Errno,
    },
    /// A file that lists names is there and can't be read.
    #[error("can't read {}: {source}", path.display())]
    List {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The kernel refused a step.
    #[error("become uid {uid}, gid {gid}: {operation}: {source}{}", advice(*source))]
    Refused {
        /// The user.
        uid: u32,
        /// The main group.
        gid: u32,
        /// The system call.
        operation: &'static str,
        /// What the kernel said.
        source: Errno,
    },
    /// The kernel took all steps, and yet it is somebody else.
    #[error("become uid {uid}, gid {gid}: {what}; nothing was run")]
    NotForGood {
        /// The user.
        uid: u32,
        /// The main group.
        gid: u32,
        /// What is not as it should be.
        what: &'static str,
    },
}

impl UserError {
    pub(super) fn unread(kind: &'static str, name: &str, source: Errno) -> Self {
        Self::Unread { kind, name: name.to_owned(), source }
    }
}

fn advice(source: Errno) -> &'static str {
    let known = [
        (Errno::EPERM, " (needs CAP_SETUID and CAP_SETGID: start it as root)"),
        (Errno::EINVAL, " (this user namespace has no such id)"),
    ];
    known.iter().find(|(errno, _)| *errno == source).map_or("", |(_, advice)| advice)
}
