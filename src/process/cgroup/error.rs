//! What can go wrong with a cgroup: what was tried, on which, and what helps.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use thiserror::Error;

use crate::net::kernel::Release;
use crate::words::{CgroupPath, Classid};

use super::mounts::Mount;

/// A failure to find or join a cgroup.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum CgroupError {
    /// There is no cgroup2 mount.
    #[error(
        "cgroup {group}: cgroup2 is mounted nowhere here; \
         mount it (mount -t cgroup2 none DIRECTORY), or give this container the host's /sys/fs/cgroup"
    )]
    V2NotMounted {
        /// The group that was looked for.
        group: CgroupPath,
    },
    /// There is no net_cls mount.
    #[error(
        "net_cls is mounted nowhere here; mount it on the host first: \
         mkdir -p /sys/fs/cgroup/net_cls && mount -t cgroup -o net_cls none /sys/fs/cgroup/net_cls \
         (where /sys/fs/cgroup is cgroup2, take a directory elsewhere), or use --cgroup"
    )]
    NetClsNotMounted,
    /// All cgroup2 mounts show other parts of the hierarchy.
    #[error(
        "cgroup {group}: not in what is mounted here ({mounts}); paths count from the root of this \
         cgroup namespace: mount cgroup2 in it, or run in the host's (nsenter --cgroup=/proc/1/ns/cgroup)"
    )]
    OutOfReach {
        /// The group that was looked for.
        group: CgroupPath,
        /// The mounts, as words.
        mounts: String,
    },
    /// The group does not exist.
    #[error(
        "cgroup {group}: {} does not exist, and a rule for it would never match; \
         start what is to run in it first", path.display()
    )]
    Absent {
        /// The group that was looked for.
        group: CgroupPath,
        /// The first directory on the way that is missing.
        path: PathBuf,
    },
    /// The group can't be made, since its parent does not exist.
    #[error(
        "cgroup {group}: {} does not exist, and only the last component is made here; \
         make the others first", path.display()
    )]
    NoParent {
        /// The group that was to be joined.
        group: CgroupPath,
        /// The first directory on the way that is missing.
        path: PathBuf,
    },
    /// Something else is mounted on the way.
    #[error("{}: another file system is mounted over this cgroup; unmount it", path.display())]
    Covered {
        /// The directory.
        path: PathBuf,
    },
    /// Somebody removed the group that was just made.
    #[error("{}: removed by somebody as soon as it was made; try again", path.display())]
    Vanished {
        /// The directory.
        path: PathBuf,
    },
    /// A group of our name has another class.
    #[error(
        "{}: is {found}, not {} ({classid}): somebody else set it; \
         remove that group or choose another class", path.display(), classid.get()
    )]
    OtherClass {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What it should hold.
        classid: Classid,
    },
    /// The level of the group in a rule can't be known.
    #[error(
        "cgroup {group}: this is a cgroup namespace, and this kernel ({found}) does not tell from \
         which root it counts levels; run in the host's cgroup namespace \
         (nsenter --cgroup=/proc/1/ns/cgroup) or on Linux {since} or newer"
    )]
    Level {
        /// The group.
        group: CgroupPath,
        /// The kernel that runs.
        found: String,
        /// The first kernel that counts from the namespace's root.
        since: Release,
    },
    /// A system call failed.
    #[error("{operation} {}: {source}{}", path.display(), advice(*source))]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the kernel said.
        source: Errno,
    },
}

impl CgroupError {
    pub(super) fn out_of_reach(group: &CgroupPath, mounts: &[Mount]) -> Self {
        let words = mounts
            .iter()
            .map(|mount| format!("{} at {}", mount.root.display(), mount.point.display()));
        let mounts = words.collect::<Vec<_>>().join(", ");
        Self::OutOfReach { group: group.clone(), mounts }
    }
}

/// The meanings of errno in cgroup(7) and the kernel's cgroup-v2.rst.
fn advice(source: Errno) -> &'static str {
    let known = [
        (Errno::EACCES, " (needs root, or a group that is delegated to this user)"),
        (Errno::EPERM, " (needs root, or a group that is delegated to this user)"),
        (Errno::EROFS, " (cgroups are read-only here, as in most containers)"),
        (Errno::EBUSY, " (the group has groups below with controllers, so it takes no process)"),
        (
            Errno::EOPNOTSUPP,
            " (the group is in a threaded part of the tree, so it takes no process)",
        ),
        (Errno::ENOENT, " (the group was removed, or the way in crosses a border of nsdelegate)"),
        (Errno::ENODEV, " (the group was removed meanwhile)"),
        (Errno::ESRCH, " (the process has ended)"),
        (
            Errno::EAGAIN,
            " (the limit of groups is reached: cgroup.max.descendants or .depth above)",
        ),
    ];
    known.iter().find(|(errno, _)| *errno == source).map_or("", |(_, advice)| advice)
}

pub(super) fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or_default())
}
