//! Directories of a cgroup hierarchy, opened one by one from its mount downwards.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, fstat, mkdirat};
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, fstatfs};
use nix::unistd::{UnlinkatFlags, read, unlinkat, write};

use crate::words::CgroupPath;

use super::CgroupError;
use super::error::errno;
use super::mounts::{Hierarchy, MOUNTINFO, Mount, mounts};

const LOOK: OFlag =
    OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// The directory of a group.
#[derive(Debug)]
pub(super) struct Directory {
    file: OwnedFd,
    path: PathBuf,
    mount: u64,
}

/// The directory of a cgroup2 mount that shows `group`, and the names from there to the group.
pub(super) fn way_to(group: &CgroupPath) -> Result<(Directory, Vec<&str>), CgroupError> {
    let mut others = Vec::new();
    for (mount, directory) in visible(Hierarchy::V2)? {
        match Path::new(group.as_str()).strip_prefix(&mount.root) {
            Ok(below) => {
                let names = below.iter().filter_map(|name| name.to_str()).collect();
                return Ok((directory, names));
            }
            Err(_) => others.push(mount),
        }
    }
    Err(match others.is_empty() {
        true => CgroupError::V2NotMounted { group: group.clone() },
        false => CgroupError::out_of_reach(group, &others),
    })
}

/// The topmost group of net_cls that is mounted here; none if it is mounted nowhere.
pub(super) fn top_of_net_cls() -> Result<Option<Directory>, CgroupError> {
    Ok(visible(Hierarchy::NetCls)?.into_iter().next().map(|(_, directory)| directory))
}

/// The mounts that are not hidden under others, with their directories.
fn visible(hierarchy: Hierarchy) -> Result<Vec<(Mount, Directory)>, CgroupError> {
    let all = mounts(hierarchy).map_err(|error| CgroupError::Io {
        operation: "read",
        path: MOUNTINFO.into(),
        source: errno(&error),
    })?;
    let mut found = Vec::new();
    for mount in all {
        if let Some(directory) = Directory::of(&mount, hierarchy)? {
            found.push((mount, directory));
        }
    }
    Ok(found)
}

impl Directory {
    /// The directory where `mount` is mounted; none if another mount lies over it.
    fn of(mount: &Mount, hierarchy: Hierarchy) -> Result<Option<Self>, CgroupError> {
        let path = mount.point.clone();
        let file = match open(&path, LOOK, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
            Err(source) => return Err(CgroupError::Io { operation: "open", path, source }),
        };
        let magic = match hierarchy {
            Hierarchy::V2 => CGROUP2_SUPER_MAGIC,
            Hierarchy::NetCls => CGROUP_SUPER_MAGIC,
        };
        let directory = Self { file, path, mount: mount.id };
        let system = fstatfs(&directory.file).map_err(|e| directory.failed("fstatfs", e))?;
        let is_it = system.filesystem_type() == magic && directory.is_on_its_mount()?;
        Ok(is_it.then_some(directory))
    }

    /// The group of this name below; none if there is no such.
    pub(super) fn child(&self, name: &str) -> Result<Option<Self>, CgroupError> {
        let path = self.path_of(name);
        let file = match openat(&self.file, name, LOOK, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::ENOENT) => return Ok(None),
            Err(source) => return Err(CgroupError::Io { operation: "open", path, source }),
        };
        let child = Self { file, path, mount: self.mount };
        match child.is_on_its_mount()? {
            true => Ok(Some(child)),
            false => Err(CgroupError::Covered { path: child.path }),
        }
    }

    /// Makes the group of this name below; it may have come into being meanwhile.
    pub(super) fn make(&self, name: &str) -> Result<(), CgroupError> {
        match mkdirat(&self.file, name, Mode::from_bits_truncate(0o755)) {
            Ok(()) | Err(Errno::EEXIST) => Ok(()),
            Err(source) => {
                Err(CgroupError::Io { operation: "mkdir", path: self.path_of(name), source })
            }
        }
    }

    /// Removes the group of this name below, unless somebody is in it.
    pub(super) fn remove(&self, name: &str) {
        // The kernel keeps a group that holds processes or other groups (EBUSY).
        let _ = unlinkat(&self.file, name, UnlinkatFlags::RemoveDir);
    }

    /// The number of the group.
    ///
    /// It is the inode of its directory: kernfs has 64-bit numbers and shows them as they are on
    /// 64-bit kernels since 5.5. On 6.18 `name_to_handle_at` gave the same number, in a handle of
    /// type 0xfe (FILEID_KERNFS) and 8 bytes.
    pub(super) fn inode(&self) -> Result<u64, CgroupError> {
        fstat(&self.file).map(|facts| facts.st_ino).map_err(|source| self.failed("fstat", source))
    }

    /// What the group's file `name` holds, without the line's end.
    pub(super) fn read(&self, name: &str) -> Result<String, CgroupError> {
        let failed = |operation, source| self.file_failed(operation, name, source);
        let file = self.open_file(name, OFlag::O_RDONLY)?;
        let mut bytes = [0; 64];
        let length = read(&file, &mut bytes).map_err(|source| failed("read", source))?;
        Ok(String::from_utf8_lossy(&bytes[..length]).trim_end().to_owned())
    }

    /// Writes to the group's file `name`, in one piece, as cgroup files want it.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), CgroupError> {
        let file = self.open_file(name, OFlag::O_WRONLY)?;
        let written = write(&file, text.as_bytes());
        written.map(drop).map_err(|source| self.file_failed("write", name, source))
    }

    /// The path on disk of something below.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn open_file(&self, name: &str, way: OFlag) -> Result<OwnedFd, CgroupError> {
        let flags = way | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        openat(&self.file, name, flags, Mode::empty())
            .map_err(|source| self.file_failed("open", name, source))
    }

    /// Whether nothing else is mounted over it.
    fn is_on_its_mount(&self) -> Result<bool, CgroupError> {
        let path = format!("/proc/thread-self/fdinfo/{}", self.file.as_raw_fd());
        let text = fs::read_to_string(&path).map_err(|error| CgroupError::Io {
            operation: "read",
            path: path.into(),
            source: errno(&error),
        })?;
        let id = text.lines().find_map(|line| line.strip_prefix("mnt_id:"));
        Ok(id.is_some_and(|id| id.trim().parse() == Ok(self.mount)))
    }

    fn failed(&self, operation: &'static str, source: Errno) -> CgroupError {
        CgroupError::Io { operation, path: self.path.clone(), source }
    }

    fn file_failed(&self, operation: &'static str, name: &str, source: Errno) -> CgroupError {
        CgroupError::Io { operation, path: self.path_of(name), source }
    }
}
