//! User namespaces: whose ids count in a network namespace, and which lies below which.

use std::os::fd::OwnedFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, fstat};

use super::{Netns, NetnsError, nsfs};

const MINE: &str = "/proc/thread-self/ns/user";

/// A user namespace. It lives at least as long as this value.
#[derive(Debug)]
pub struct UserNs {
    file: OwnedFd,
    device: u64,
    inode: u64,
}

impl Netns {
    /// The user namespace that owns this one: rules on uids and gids count as it does. `None` if
    /// the kernel hides it (EPERM), because it is neither the caller's own nor below that.
    pub fn owner(&self) -> Result<Option<UserNs>, NetnsError> {
        match nsfs::owner(&self.file).map_err(|source| self.inspect("NS_GET_USERNS", source))? {
            Some(file) => UserNs::new(file).map(Some),
            None => Ok(None),
        }
    }
}

impl UserNs {
    /// The namespace of the calling thread.
    pub fn current() -> Result<Self, NetnsError> {
        let path = Path::new(MINE);
        let opened = open(path, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty());
        Self::new(opened.map_err(|source| NetnsError::Open {
            object: "user namespace of this thread".to_owned(),
            path: path.to_owned(),
            source,
        })?)
    }

    /// The namespace of this descriptor, which `/proc/PID/ns/user` gave.
    pub(in crate::net) fn new(file: OwnedFd) -> Result<Self, NetnsError> {
        let facts = fstat(&file).map_err(|source| NetnsError::Inspect {
            object: "user namespace".to_owned(),
            operation: "fstat",
            source,
        })?;
        Ok(Self { file, device: facts.st_dev, inode: facts.st_ino })
    }

    /// Device and inode of the namespace. The kernel gives an inode away again when the namespace
    /// is gone: only comparable while both are held.
    pub fn id(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Whether this one lies below `other`, any number of steps (the kernel allows 32).
    pub fn is_below(&self, other: &Self) -> Result<bool, NetnsError> {
        let mut above = self.parent()?;
        while let Some(place) = above {
            if place.id() == other.id() {
                return Ok(true);
            }
            above = place.parent()?;
        }
        Ok(false)
    }

    fn parent(&self) -> Result<Option<Self>, NetnsError> {
        match nsfs::parent(&self.file).map_err(|source| self.inspect("NS_GET_PARENT", source))? {
            Some(file) => Self::new(file).map(Some),
            None => Ok(None),
        }
    }

    fn inspect(&self, operation: &'static str, source: Errno) -> NetnsError {
        let object = format!("user namespace user:[{}]", self.inode);
        NetnsError::Inspect { object, operation, source }
    }
}
