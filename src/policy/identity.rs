//! How the kernel tells the proxy's sockets apart.

use std::collections::BTreeSet;

use crate::words::{CgroupPath, Classid, Gid, Mark, Uid};

/// What the proxy's sockets are known by. Never nothing: the proxy's own connections would be
/// captured again, without end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    marks: Marks,
    matching: Match,
}

/// Everything that a socket may be known by; an empty set or `None` takes no part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// User ids, as the namespace's user namespace counts them.
    pub uids: BTreeSet<Uid>,
    /// Group ids, as the namespace's user namespace counts them.
    pub gids: BTreeSet<Gid>,
    /// The packet mark (`SO_MARK`).
    pub mark: Option<Mark>,
    /// The net_cls class (cgroup v1).
    pub classid: Option<Classid>,
    /// The cgroup v2.
    pub cgroup: Option<CgroupPath>,
}

/// How many kinds of [`Marks`] a socket must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Match {
    /// One that is given is enough.
    #[default]
    Any,
    /// Every one that is given.
    All,
}

impl Match {
    /// Both ways.
    pub const ALL: [Match; 2] = [Match::Any, Match::All];

    /// The word that a policy writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Match::Any => "any",
            Match::All => "all",
        }
    }
}

impl Identity {
    /// The identity of these marks; `None` where there are none.
    pub fn new(marks: Marks, matching: Match) -> Option<Identity> {
        (marks != Marks::default()).then_some(Identity { marks, matching })
    }

    /// What the proxy's sockets are known by.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Whether one of them is enough.
    pub fn matching(&self) -> Match {
        self.matching
    }
}

impl Default for Identity {
    fn default() -> Identity {
        const NUMBER: u32 = 1337;
        let marks = Marks {
            uids: Uid::new(NUMBER).into_iter().collect(),
            gids: Gid::new(NUMBER).into_iter().collect(),
            ..Marks::default()
        };
        Identity { marks, matching: Match::Any }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_nobody() {
        assert_eq!(Identity::new(Marks::default(), Match::All), None);
        let identity = Identity::default();
        assert_eq!(identity.marks().uids.first().unwrap().get(), 1337);
        assert_eq!(identity.marks().gids.first().unwrap().get(), 1337);
        let mark = Some("0x1/0x1".parse().unwrap());
        assert!(Identity::new(Marks { mark, ..Marks::default() }, Match::Any).is_some());
    }
}
