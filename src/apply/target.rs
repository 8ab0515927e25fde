//! Which namespace is meant, and the proof that it may be touched.

use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

use crate::net::netns::{Netns, NetnsError, here_is_initial};
use crate::words::IdMaps;

use super::ApplyError;

/// Whether the machine's own network namespace is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostRule {
    /// A pod's is meant: the machine's own is refused.
    Refuse,
    /// The machine's own is meant: any other is refused.
    Require,
}

/// How the work gets into the namespace.
#[derive(Debug)]
enum Place {
    /// The calling thread is there.
    Here,
    /// The calling thread was taken there, by this descriptor.
    Entered(Netns),
    /// By a thread for each job.
    Other(Netns),
}

/// A network namespace to work in.
#[derive(Debug)]
pub struct Target {
    place: Place,
    host: HostRule,
    root: Option<PathBuf>,
    ids: IdMaps,
}

/// Says that the calling thread is in the target, and that the target may be touched.
#[derive(Debug)]
pub struct Inside {
    path: String,
    root: Option<PathBuf>,
    ids: IdMaps,
}

impl Inside {
    /// Where the namespace itself can be opened.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The pod's root file system, if it is known.
    pub(super) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The pod's ids as rules count them.
    #[must_use]
    pub fn ids(&self) -> &IdMaps {
        &self.ids
    }
}

impl Target {
    /// The namespace of the calling thread, whose files are the pod's. It is not entered, which would take `CAP_SYS_ADMIN`.
    #[must_use]
    pub fn current(host: HostRule) -> Self {
        let root = Some(PathBuf::from("/"));
        Self { place: Place::Here, host, root, ids: IdMaps::default() }
    }

    /// Another namespace.
    #[must_use]
    pub fn other(netns: Netns, host: HostRule) -> Self {
        Self { place: Place::Other(netns), host, root: None, ids: IdMaps::default() }
    }

    /// Another namespace, which the calling thread goes into for good. The target is for this thread only.
    ///
    /// # Errors
    /// The kernel refused to let the thread in.
    pub fn entered(netns: Netns, host: HostRule) -> Result<Self, NetnsError> {
        netns.enter()?;
        Ok(Self { place: Place::Entered(netns), host, root: None, ids: IdMaps::default() })
    }

    /// Says where the pod's root file system is, for what the policy takes from the pod's files.
    #[must_use]
    pub fn with_root(self, root: PathBuf) -> Self {
        Self { root: Some(root), ..self }
    }

    /// Says how the pod's user and group ids are counted in the user namespace that owns the
    /// network namespace, which is how rules count them; the same unless said.
    #[must_use]
    pub fn with_ids(self, ids: IdMaps) -> Self {
        Self { ids, ..self }
    }

    /// Runs `job` inside, after the check that this is not the machine's own namespace by mistake.
    ///
    /// # Errors
    /// The namespace can't be entered or must not be touched, or the job failed.
    pub fn run<T: Send>(
        &self,
        job: impl FnOnce(&Inside) -> Result<T, ApplyError> + Send,
    ) -> Result<T, ApplyError> {
        let inside = Inside { path: self.path(), root: self.root.clone(), ids: self.ids.clone() };
        let checked = || {
            self.check()?;
            job(&inside)
        };
        match &self.place {
            Place::Here | Place::Entered(_) => checked(),
            Place::Other(netns) => netns.run(checked)?,
        }
    }

    /// By way of the descriptor where there is one: what a thread looks up about itself under
    /// `/proc` has to be forgotten when it ends, which takes some 50 us (6.18).
    fn path(&self) -> String {
        match &self.place {
            Place::Here => "/proc/thread-self/ns/net".to_owned(),
            Place::Entered(netns) | Place::Other(netns) => {
                format!("/proc/self/fd/{}", netns.as_fd().as_raw_fd())
            }
        }
    }

    fn check(&self) -> Result<(), ApplyError> {
        match (here_is_initial()?, self.host) {
            (true, HostRule::Refuse) => Err(ApplyError::HostNamespace),
            (false, HostRule::Require) => Err(ApplyError::NotHostNamespace),
            (true, HostRule::Require) | (false, HostRule::Refuse) => Ok(()),
        }
    }
}
