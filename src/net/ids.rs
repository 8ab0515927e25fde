//! A process's ids as rules in a network namespace must write them.
//!
//! `meta skuid` and `meta skgid` compare in the user namespace that owns the network namespace. A
//! pod with user namespace either owns its network namespace, then its own numbers count; or it got
//! one that the container runtime made outside, then the runtime's do.

mod error;

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;

use super::netns::{Netns, UserNs};
use crate::words::{IdMap, IdMaps};

pub use error::IdsError;

/// The maps from the ids of process `pid`'s user namespace to those that count in `netns`.
///
/// # Errors
/// There is no such process, or what counts can't be known from the caller's user namespace.
pub fn of_pid(pid: u32, netns: &Netns) -> Result<IdMaps, IdsError> {
    let process = Process::open(pid)?;
    let inside = process.user_namespace()?;
    let Some(owner) = netns.owner()? else { return Err(IdsError::OwnerHidden { pid }) };
    if inside.id() == owner.id() {
        return Ok(IdMaps::default());
    }
    // The kernel writes the maps as the reader counts.
    if owner.id() != UserNs::current()?.id() {
        return Err(IdsError::OwnerForeign { pid });
    }
    // Only of namespaces below the reader's does a line hold for all of its ids.
    if !inside.is_below(&owner)? {
        return Err(IdsError::NotBelow { pid });
    }
    let maps = IdMaps { uids: process.map("uid_map")?, gids: process.map("gid_map")? };
    // The files tell of the namespace that the process was in when they were opened.
    if process.user_namespace()?.id() != inside.id() {
        return Err(IdsError::Moved { pid });
    }
    Ok(maps)
}

/// A process, held by its folder in `/proc`: what is opened below is never of a later process with
/// the same number.
struct Process {
    pid: u32,
    folder: OwnedFd,
}

impl Process {
    fn open(pid: u32) -> Result<Self, IdsError> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        match open(format!("/proc/{pid}").as_str(), flags, Mode::empty()) {
            Ok(folder) => Ok(Self { pid, folder }),
            Err(Errno::ENOENT) => Err(IdsError::NoProcess { pid }),
            Err(source) => Err(IdsError::Read { pid, file: "", source }),
        }
    }

    fn user_namespace(&self) -> Result<UserNs, IdsError> {
        Ok(UserNs::new(self.file("ns/user")?)?)
    }

    fn map(&self, file: &'static str) -> Result<IdMap, IdsError> {
        let pid = self.pid;
        let mut text = String::new();
        File::from(self.file(file)?).read_to_string(&mut text).map_err(|error| {
            let source = Errno::from_raw(error.raw_os_error().unwrap_or_default());
            IdsError::Read { pid, file, source }
        })?;
        let map: IdMap = text.parse().map_err(|source| IdsError::Map { pid, file, source })?;
        if map.ranges().is_empty() {
            return Err(IdsError::NoIds { pid, file });
        }
        Ok(map)
    }

    fn file(&self, file: &'static str) -> Result<OwnedFd, IdsError> {
        let pid = self.pid;
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        openat(&self.folder, file, flags, Mode::empty()).map_err(|source| {
            if matches!(source, Errno::ENOENT | Errno::ESRCH) {
                IdsError::NoProcess { pid }
            } else {
                IdsError::Read { pid, file, source }
            }
        })
    }
}
