//! Putting a process into a cgroup, so that rules tell its sockets apart.

use nix::unistd::Pid;

use crate::words::{CgroupPath, Classid};

use super::CgroupError;
use super::tree::{Directory, top_of_net_cls, way_to};

/// The file that takes the number of a process, and moves it with all its threads.
const PROCS: &str = "cgroup.procs";
const CLASSID: &str = "net_cls.classid";

/// Puts the process `pid` into the cgroup v2 `path`; its last component is made if it is missing.
///
/// Sockets that the process has already stay with the group in which they were made.
///
/// # Errors
/// No cgroup2 mount shows the group, its parent does not exist, or the kernel refuses the process.
/// A group that was made for it is gone again then.
pub fn join_v2(path: &CgroupPath, pid: Pid) -> Result<(), CgroupError> {
    let (start, names) = way_to(path)?;
    let Some((last, parents)) = names.split_last() else {
        return start.write(PROCS, &pid.to_string());
    };
    let missing = |at| CgroupError::NoParent { group: path.clone(), path: at };
    let parent = parents.iter().try_fold(start, |above: Directory, name| {
        above.child(name)?.ok_or_else(|| missing(above.path_of(name)))
    })?;
    enter(&parent, last, |group| group.write(PROCS, &pid.to_string()))
}

/// Puts the process `pid` into the group `nftdivert-CLASSID` of net_cls, which is made if it is
/// missing, in the topmost group that is mounted here. Its sockets follow, also those that it has
/// already.
///
/// # Errors
/// The controller is mounted nowhere, the group there has another class, or the kernel refuses.
/// A group that was made for it is gone again then.
pub fn join_net_cls(classid: Classid, pid: Pid) -> Result<(), CgroupError> {
    let top = top_of_net_cls()?.ok_or(CgroupError::NetClsNotMounted)?;
    enter(&top, &format!("nftdivert-{classid}"), |group| {
        claim(&top, group, classid)?;
        group.write(PROCS, &pid.to_string())
    })
}

/// Does `job` in the group of this name, made if it is missing; if the job fails, a group that was
/// made is removed.
fn enter(
    above: &Directory,
    name: &str,
    job: impl FnOnce(&Directory) -> Result<(), CgroupError>,
) -> Result<(), CgroupError> {
    if let Some(group) = above.child(name)? {
        return job(&group);
    }
    above.make(name)?;
    let vanished = || CgroupError::Vanished { path: above.path_of(name) };
    let done = above.child(name).and_then(|group| job(&group.ok_or_else(vanished)?));
    if done.is_err() {
        above.remove(name);
    }
    done
}

/// Gives the group its class. A new group has its parent's; any other that is not the right one is
/// somebody else's.
fn claim(above: &Directory, group: &Directory, classid: Classid) -> Result<(), CgroupError> {
    let wanted = classid.get().to_string();
    let found = group.read(CLASSID)?;
    if found == wanted {
        return Ok(());
    }
    if found != above.read(CLASSID)? {
        return Err(CgroupError::OtherClass { path: group.path_of(CLASSID), found, classid });
    }
    group.write(CLASSID, &wanted)
}
