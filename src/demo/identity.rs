//! Who a socket belongs to: jobs that run in a namespace as any user, with any mark, in any cgroup.

use std::fs;
use std::os::fd::AsFd;
use std::path::PathBuf;

use nix::sys::socket::{setsockopt, sockopt};
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

use super::DemoError;
use crate::net::netns::Netns;

/// A user and a group, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

impl User {
    /// The superuser.
    pub const ROOT: Self = Self::new(0, 0);
    /// An application that is not the proxy.
    pub const APP: Self = Self::new(1000, 1000);
    /// The user that a sidecar proxy usually has.
    pub const PROXY: Self = Self::new(1337, 1337);

    /// The user `uid` with the group `gid`.
    pub const fn new(uid: u32, gid: u32) -> Self {
        Self { uid, gid }
    }

    /// This user, whose sockets have this mark.
    pub const fn marked(self, mark: u32) -> Member {
        Member { user: self, mark: Some(mark), cgroup: None }
    }

    /// This user in the cgroup whose directory this is.
    pub fn in_cgroup(self, directory: impl Into<PathBuf>) -> Member {
        Member { user: self, mark: None, cgroup: Some(directory.into()) }
    }
}

/// By what rules can tell whose a socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its user and group.
    pub user: User,
    /// The mark (`SO_MARK`) of every socket that the demo's parts make for it, if any.
    pub mark: Option<u32>,
    /// The directory of the cgroup that its threads join, if any: a threaded one of version 2, or
    /// any of version 1 (net_cls). A thread that joins net_cls takes along all sockets that its
    /// process has open then, because threads share them (6.18): join first, open afterwards.
    pub cgroup: Option<PathBuf>,
}

impl From<User> for Member {
    fn from(user: User) -> Self {
        Self { user, mark: None, cgroup: None }
    }
}

impl Member {
    /// Gives the mark to `socket`. Sockets that are accepted from a marked one have it too.
    ///
    /// # Errors
    /// The caller has neither CAP_NET_ADMIN nor CAP_NET_RAW over the network namespace.
    pub fn stamp(&self, socket: &impl AsFd) -> Result<(), DemoError> {
        stamp(socket, self.mark)
    }
}

pub(super) fn stamp(socket: &impl AsFd, mark: Option<u32>) -> Result<(), DemoError> {
    let Some(mark) = mark else { return Ok(()) };
    setsockopt(socket, sockopt::Mark, &mark)
        .map_err(DemoError::errno("give a socket the mark", format!("{mark:#x}")))
}

/// Runs `job` in `place` on a thread of its own; the sockets that it makes are those of `member`,
/// except that the job gives them the mark itself ([`Member::stamp`]).
///
/// Threads that the job starts inherit user and cgroup. Capabilities over the network stay.
pub fn as_user<T: Send>(
    place: &Netns,
    member: impl Into<Member>,
    job: impl FnOnce() -> T + Send,
) -> Result<T, DemoError> {
    let member = member.into();
    place.run(|| {
        assume(&member)?;
        Ok(job())
    })?
}

/// Makes the calling thread `member` as far as new files and sockets are concerned.
///
/// `meta skuid` and `meta skgid` read the fsuid and fsgid with which a socket's file was made
/// (6.18), and these two are the only ids that the C library sets for one thread alone.
pub(super) fn assume(member: &Member) -> Result<(), DemoError> {
    // First of all: the user may have no right to the cgroup.
    join(member)?;
    let User { uid, gid } = member.user;
    let (user, group) = (Uid::from_raw(uid), Gid::from_raw(gid));
    setfsgid(group);
    setfsuid(user);
    // They report no failure: asking for the impossible id tells the one in force.
    let now = (setfsuid(Uid::from_raw(u32::MAX)), setfsgid(Gid::from_raw(u32::MAX)));
    if now == (user, group) {
        return Ok(());
    }
    Err(DemoError::Identity { uid, gid })
}

/// Joins the cgroup with the calling thread alone.
fn join(member: &Member) -> Result<(), DemoError> {
    let Some(directory) = &member.cgroup else { return Ok(()) };
    // Version 2 has cgroup.threads, version 1 has tasks; 0 is the thread that writes.
    let modern = directory.join("cgroup.threads");
    let file = if modern.exists() { modern } else { directory.join("tasks") };
    fs::write(&file, "0").map_err(DemoError::io("join the cgroup by", file.display()))
}
