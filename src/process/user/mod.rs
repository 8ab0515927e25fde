//! The user that a process runs as: looked up, and become for good.

mod assume;
mod error;
mod names;

use std::ffi::CString;

use nix::unistd;

use crate::words::{Gid, Uid};

pub use assume::assume;
pub use error::UserError;
pub use names::accounts;

/// A user and its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub uid: Uid,
    /// The main group.
    pub gid: Gid,
    /// All supplementary groups.
    pub groups: Vec<Gid>,
}

impl Account {
    /// The account of `USER` or `USER:GROUP`, each a number or a name of this system.
    ///
    /// A user that is named has the supplementary groups of the system, one that is numbered has
    /// none. Without `GROUP` it is the main group of the user; a number without an entry in
    /// `/etc/passwd` is taken for the group's number too.
    ///
    /// # Errors
    /// A name is not known, or the system's list can't be read.
    pub fn look_up(text: &str) -> Result<Self, UserError> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text, None),
        };
        let group = group.map(group_number).transpose()?;
        match user.parse() {
            Ok(uid) => Self::numbered(uid, group),
            Err(_) => Self::named(user, group),
        }
    }

    fn numbered(uid: Uid, group: Option<Gid>) -> Result<Self, UserError> {
        let gid = match group {
            Some(gid) => gid,
            None => match unistd::User::from_uid(uid.get().into()) {
                Ok(Some(entry)) => gid(entry.gid)?,
                Ok(None) => Gid::new(uid.get()).ok_or(UserError::NoId)?,
                Err(source) => return Err(UserError::unread("user", &uid.to_string(), source)),
            },
        };
        Ok(Self { uid, gid, groups: Vec::new() })
    }

    fn named(name: &str, group: Option<Gid>) -> Result<Self, UserError> {
        let unread = |source| UserError::unread("user", name, source);
        let absent = || UserError::NoUser { name: name.to_owned() };
        let entry = unistd::User::from_name(name).map_err(unread)?.ok_or_else(absent)?;
        let main = group.map_or_else(|| gid(entry.gid), Ok)?;
        let name = CString::new(name).map_err(|_| absent())?;
        let groups = unistd::getgrouplist(&name, main.get().into()).map_err(unread)?;
        let groups = groups.into_iter().map(gid).collect::<Result<_, _>>()?;
        let uid = Uid::new(entry.uid.as_raw()).ok_or(UserError::NoId)?;
        Ok(Self { uid, gid: main, groups })
    }
}

fn group_number(text: &str) -> Result<Gid, UserError> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let entry = unistd::Group::from_name(text);
    let entry = entry.map_err(|source| UserError::unread("group", text, source))?;
    gid(entry.ok_or_else(|| UserError::NoGroup { name: text.to_owned() })?.gid)
}

fn gid(found: unistd::Gid) -> Result<Gid, UserError> {
    Gid::new(found.as_raw()).ok_or(UserError::NoId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_up(text: &str) -> (u32, u32, Vec<u32>) {
        let found = Account::look_up(text).unwrap();
        (found.uid.get(), found.gid.get(), found.groups.into_iter().map(Gid::get).collect())
    }

    #[test]
    fn numbers() {
        assert_eq!(look_up("2999999:3999999"), (2_999_999, 3_999_999, vec![]));
        assert_eq!(look_up("0x539:0"), (1337, 0, vec![]));
        assert_eq!(look_up("2999999"), (2_999_999, 2_999_999, vec![]));
        assert_eq!(look_up("0"), (0, 0, vec![]));
    }

    #[test]
    fn names() {
        assert_eq!(look_up("root:2999999").0, 0);
        assert_eq!(look_up("2999999:root").1, 0);
        let (uid, gid, groups) = look_up("root");
        assert_eq!((uid, gid, groups.contains(&0)), (0, 0, true));
    }

    #[test]
    fn unknown_names() {
        let refused = [
            ("", "no user \"\""),
            ("no-such-user", "no user \"no-such-user\""),
            ("-1", "no user \"-1\""),
            ("4294967295", "no user"),
            ("a\0b", "no user"),
            ("root:", "no group \"\""),
            ("0:no-such-group", "no group \"no-such-group\""),
            ("0:0:0", "no group \"0:0\""),
        ];
        for (text, says) in refused {
            let error = Account::look_up(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
