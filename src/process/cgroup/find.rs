//! The number and level by which nf_tables knows a cgroup v2.

use crate::words::CgroupPath;

use super::CgroupError;
use super::namespace::level;
use super::tree::{Directory, way_to};

/// What `socket cgroupv2 level LEVEL ID` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CgroupId {
    /// The kernel's number of the group, in host byte order. A group that is made anew has another
    /// one, even under the same name.
    pub id: u64,
    /// How deep the group lies below the root from which the kernel counts for rules of the
    /// calling thread.
    pub level: u32,
}

/// Looks the group up below the cgroup2 mount, wherever that is.
///
/// The path and the level count from the root of the calling thread's cgroup namespace.
///
/// # Errors
/// No cgroup2 mount shows the group, it does not exist, or its level can't be known. The kernel
/// would take any number, and never match.
pub fn find(path: &CgroupPath) -> Result<CgroupId, CgroupError> {
    let level = level(path)?;
    let (start, names) = way_to(path)?;
    let absent = |at| CgroupError::Absent { group: path.clone(), path: at };
    let group = names.iter().try_fold(start, |above: Directory, name| {
        above.child(name)?.ok_or_else(|| absent(above.path_of(name)))
    })?;
    Ok(CgroupId { id: group.inode()?, level })
}
