//! What can go wrong in the demo: what was tried, on what, and why it failed.

use std::io;
use std::time::Duration;

use nix::errno::Errno;
use thiserror::Error;

use crate::net::netns::NetnsError;

/// A failure of a demo part.
#[derive(Debug, Error)]
pub enum DemoError {
    /// A namespace could not be made or entered.
    #[error(transparent)]
    Netns(#[from] NetnsError),
    /// A system call failed.
    #[error("{operation} {object}: {source}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        object: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A link, address or route was refused.
    #[error("{operation} {object}: {source}")]
    Route {
        /// What was tried.
        operation: &'static str,
        /// On what.
        object: String,
        /// Why it failed.
        source: rtnetlink::Error,
    },
    /// The thread may not act as this user.
    #[error("act as uid {uid}, gid {gid}: refused (needs CAP_SETUID and CAP_SETGID)")]
    Identity {
        /// The user.
        uid: u32,
        /// The group.
        gid: u32,
    },
    /// No hierarchy of cgroups is there.
    #[error(
        "find this process's cgroup: /proc/self/mountinfo has no cgroup2 that shows it \
         (`mount -t cgroup2 none DIRECTORY` as root mounts one)"
    )]
    NoCgroup,
    /// A cgroup could not be made.
    #[error(
        "{operation} {directory}: {source} (needs root, a cgroup2 that can be written to, and a \
         cgroup of this process whose cgroup.subtree_control is empty)"
    )]
    Cgroup {
        /// What was tried.
        operation: &'static str,
        /// The cgroup's directory.
        directory: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Nothing happened in time.
    #[error("{operation} {object}: nothing after {limit:?}")]
    TimedOut {
        /// What was waited for.
        operation: &'static str,
        /// From what.
        object: String,
        /// How long.
        limit: Duration,
    },
    /// The thread that prepares a namespace is not in it.
    #[error("prepare a namespace: the thread is in another one, nothing was changed")]
    Elsewhere,
    /// A thread ended before it was ready.
    #[error("start {name}: the thread ended without an answer")]
    Ended {
        /// The thread's name.
        name: String,
    },
    /// A server said something else than its one line, or echoed other bytes.
    #[error("answer from {object}: {text:?} is not what was expected")]
    Answer {
        /// Who answered.
        object: String,
        /// What was said.
        text: String,
    },
}

impl DemoError {
    /// The kind of the system call's failure, if this is one.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        if let Self::Io { source, .. } = self { Some(source.kind()) } else { None }
    }

    /// Whether the caller lacks a privilege.
    pub(super) fn is_refused(&self) -> bool {
        match self {
            Self::Netns(NetnsError::Create { source } | NetnsError::Enter { source, .. }) => {
                *source == Errno::EPERM
            }
            Self::Io { source, .. } => source.kind() == io::ErrorKind::PermissionDenied,
            Self::Route { source: rtnetlink::Error::NetlinkError(answer), .. } => {
                answer.raw_code() == -(Errno::EPERM as i32)
            }
            Self::Identity { .. } => true,
            Self::Netns(_)
            | Self::Route { .. }
            | Self::TimedOut { .. }
            | Self::Elsewhere
            | Self::NoCgroup
            | Self::Cgroup { .. }
            | Self::Ended { .. }
            | Self::Answer { .. } => false,
        }
    }

    pub(super) fn io(
        operation: &'static str,
        object: impl ToString,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, object: object.to_string(), source }
    }

    pub(super) fn errno(
        operation: &'static str,
        object: impl ToString,
    ) -> impl FnOnce(Errno) -> Self {
        move |source| Self::Io { operation, object: object.to_string(), source: source.into() }
    }

    pub(super) fn route(
        operation: &'static str,
        object: impl ToString,
    ) -> impl FnOnce(rtnetlink::Error) -> Self {
        move |source| Self::Route { operation, object: object.to_string(), source }
    }
}
