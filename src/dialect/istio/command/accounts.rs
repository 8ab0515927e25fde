//! Users and groups by their names, as `/etc/passwd` and `/etc/group` have them.

use std::collections::BTreeMap;

use crate::words::{Gid, Uid};

/// The names of users and groups of one root file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    users: BTreeMap<String, Uid>,
    groups: BTreeMap<String, Gid>,
}

impl Accounts {
    /// Reads the text of `/etc/passwd` and of `/etc/group`. Lines that are not of their form say
    /// nothing; of two with one name the first counts, as in the C library.
    #[must_use]
    pub fn parse(passwd: &str, group: &str) -> Accounts {
        Accounts { users: entries(passwd), groups: entries(group) }
    }

    /// The user of this name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<Uid> {
        self.users.get(name).copied()
    }

    /// The group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<Gid> {
        self.groups.get(name).copied()
    }
}

/// Both files have the name in the first field and the number in the third.
fn entries<T: std::str::FromStr>(text: &str) -> BTreeMap<String, T> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        let (name, number) = (fields.next().unwrap_or_default(), fields.nth(1));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.entry(name.to_owned()).or_insert(number);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_of_a_name_counts() {
        let passwd = "root:x:0:0::/root:/bin/sh\n\nistio-proxy:x:1337:1337::/:/bin/false\n\
                      root:x:7:7::/:/\nbroken\nnobody:x:many:1::/:/\n";
        let accounts = Accounts::parse(passwd, "java:x:202:a,b\n");
        assert_eq!(accounts.user("root"), Uid::new(0));
        assert_eq!(accounts.user("istio-proxy"), Uid::new(1337));
        assert_eq!((accounts.user("nobody"), accounts.user("java")), (None, None));
        assert_eq!(accounts.group("java"), Gid::new(202));
        assert_eq!(Accounts::parse("", ""), Accounts::default());
    }
}
