//! Becoming a user with no way back.

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid};

use super::{Account, UserError};
use crate::process::capabilities::drop_all;

/// Leaves an id of three as it is.
const SAME: u32 = u32::MAX;

/// Makes this process the account's, for good: supplementary groups, all three group ids, all
/// three user ids, and unless the user is root, no capability is left but in the bounding set.
///
/// Capabilities are those of one thread: call it while the process has no other.
///
/// # Errors
/// The kernel refuses a step, or the way back is open. The process may be half of each then: end it.
pub fn assume(account: &Account) -> Result<(), UserError> {
    let (uid, gid) = (Uid::from_raw(account.uid.get()), Gid::from_raw(account.gid.get()));
    let groups: Vec<Gid> = account.groups.iter().map(|group| group.get().into()).collect();
    let refused = |operation| {
        move |source: Errno| {
            let (uid, gid) = (uid.as_raw(), gid.as_raw());
            UserError::Refused { uid, gid, operation, source }
        }
    };
    // Groups first: without its user, a process may not change them.
    setgroups(&groups).map_err(refused("setgroups"))?;
    setresgid(gid, gid, gid).map_err(refused("setresgid"))?;
    setresuid(uid, uid, uid).map_err(refused("setresuid"))?;
    if !uid.is_root() {
        // A change from uid 0 drops them, unless securebits say no; others keep what they had.
        drop_all().map_err(refused("capset"))?;
    }
    match doubt(uid, gid, &groups).map_err(refused("read the ids"))? {
        Some(what) => Err(UserError::NotForGood { uid: uid.as_raw(), gid: gid.as_raw(), what }),
        None => Ok(()),
    }
}

/// What is not as it should be.
fn doubt(uid: Uid, gid: Gid, groups: &[Gid]) -> Result<Option<&'static str>, Errno> {
    let (users, mains) = (getresuid()?, getresgid()?);
    if [users.real, users.effective, users.saved] != [uid; 3] {
        return Ok(Some("the user is another one"));
    }
    if [mains.real, mains.effective, mains.saved] != [gid; 3] {
        return Ok(Some("the group is another one"));
    }
    if sorted(&getgroups()?) != sorted(groups) {
        return Ok(Some("the supplementary groups are others"));
    }
    let (root, same) = (Uid::from_raw(0), Uid::from_raw(SAME));
    if !uid.is_root() && setresuid(same, root, same).is_ok() {
        return Ok(Some("it could become root again"));
    }
    let other = if gid.as_raw() == 0 { 1 } else { 0 };
    let (other, same) = (Gid::from_raw(other), Gid::from_raw(SAME));
    if !uid.is_root() && setresgid(same, other, same).is_ok() {
        return Ok(Some("it could take another group again"));
    }
    Ok(None)
}

fn sorted(groups: &[Gid]) -> Vec<u32> {
    let mut numbers: Vec<u32> = groups.iter().map(|group| group.as_raw()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
