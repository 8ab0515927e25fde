//! The cgroup namespace of the caller, and the level that a rule must name in it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::net::kernel::{Release, running};
use crate::words::CgroupPath;

use super::CgroupError;
use super::error::errno;

const MINE: &str = "/proc/thread-self/ns/cgroup";

/// `PROC_CGROUP_INIT_INO` of linux/proc_ns.h.
const INITIAL_INODE: u64 = 0xEFFF_FFFB;

/// Since when a level counts from the root of the writer's cgroup namespace. Some stable kernels
/// below it have that too, and do not tell.
const RELATIVE_LEVELS: Release = Release { major: 6, minor: 12 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Namespace {
    /// The machine's first: its root is the root of the hierarchy.
    Initial,
    /// Any other.
    Inner,
}

/// The level of `socket cgroupv2 level` for this group, for a rule that the calling thread writes.
///
/// # Errors
/// The caller is in a cgroup namespace, and the kernel does not tell from where it counts.
pub(super) fn level(path: &CgroupPath) -> Result<u32, CgroupError> {
    level_in(path, mine()?, running())
}

fn mine() -> Result<Namespace, CgroupError> {
    let inode = fs::metadata(MINE).map(|facts| facts.ino()).map_err(|error| CgroupError::Io {
        operation: "stat",
        path: MINE.into(),
        source: errno(&error),
    })?;
    Ok(if inode == INITIAL_INODE { Namespace::Initial } else { Namespace::Inner })
}

/// The path counts from the root of the caller's namespace, as `/proc/self/cgroup` does. So does
/// the level on newer kernels (seen on 6.18: of a namespace two groups deep, level 1 names the
/// groups below its root); older ones count from the real root, which lies out of sight.
fn level_in(
    path: &CgroupPath,
    namespace: Namespace,
    release: Option<Release>,
) -> Result<u32, CgroupError> {
    let counts_from_here = release.is_some_and(|release| release >= RELATIVE_LEVELS);
    match namespace {
        Namespace::Inner if !counts_from_here => {
            let found = release.map_or("unknown".to_owned(), |release| release.to_string());
            Err(CgroupError::Level { group: path.clone(), found, since: RELATIVE_LEVELS })
        }
        Namespace::Inner | Namespace::Initial => Ok(u32::from(path.depth())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_on_an_older_kernel_is_refused() {
        let path: CgroupPath = "/mesh/envoy".parse().unwrap();
        let release = |text| Release::parse(text);
        for old in [release("6.11.11"), release("6.1.0-18-amd64"), None] {
            assert_eq!(level_in(&path, Namespace::Initial, old).ok(), Some(2));
            let error = level_in(&path, Namespace::Inner, old).unwrap_err().to_string();
            assert!(error.contains("6.12") && error.contains("/mesh/envoy"), "{error}");
        }
        for new in ["6.12.0", "6.18.44-fc", "7.0"] {
            assert_eq!(level_in(&path, Namespace::Inner, release(new)).ok(), Some(2));
        }
    }
}
