//! Who a socket belongs to: jobs that run in a namespace as any user and group.

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
}

/// Runs `job` in `place` on a thread of its own; the sockets that it makes are `user`'s.
///
/// Threads that the job starts inherit the user. Capabilities over the network stay.
pub fn as_user<T: Send>(
    place: &Netns,
    user: User,
    job: impl FnOnce() -> T + Send,
) -> Result<T, DemoError> {
    place.run(|| {
        assume(user)?;
        Ok(job())
    })?
}

/// Makes the calling thread `user` as far as new files and sockets are concerned.
///
/// `meta skuid` and `meta skgid` read the fsuid and fsgid with which a socket's file was made
/// (6.18), and these two are the only ids that the C library sets for one thread alone.
pub(super) fn assume(user: User) -> Result<(), DemoError> {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    setfsgid(gid);
    setfsuid(uid);
    // They report no failure: asking for the impossible id tells the one in force.
    let now = (setfsuid(Uid::from_raw(u32::MAX)), setfsgid(Gid::from_raw(u32::MAX)));
    if now == (uid, gid) {
        return Ok(());
    }
    Err(DemoError::Identity { uid: user.uid, gid: user.gid })
}
