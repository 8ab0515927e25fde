//! How the kernel tells the proxy's sockets apart.

use std::collections::BTreeSet;

use crate::words::{Gid, Uid};

/// The proxy's user and group ids: a socket that has any of them is the proxy's. Never without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    uids: BTreeSet<Uid>,
    gids: BTreeSet<Gid>,
}

impl Identity {
    /// The identity of these ids; `None` where both sets are empty, for then the proxy's own
    /// connections would be captured again, without end.
    pub fn new(uids: BTreeSet<Uid>, gids: BTreeSet<Gid>) -> Option<Identity> {
        let told_apart = !(uids.is_empty() && gids.is_empty());
        told_apart.then_some(Identity { uids, gids })
    }

    /// The user ids, as the namespace's user namespace counts them.
    pub fn uids(&self) -> &BTreeSet<Uid> {
        &self.uids
    }

    /// The group ids, as the namespace's user namespace counts them.
    pub fn gids(&self) -> &BTreeSet<Gid> {
        &self.gids
    }
}

impl Default for Identity {
    fn default() -> Identity {
        const NUMBER: u32 = 1337;
        Identity {
            uids: Uid::new(NUMBER).into_iter().collect(),
            gids: Gid::new(NUMBER).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_nobody() {
        assert_eq!(Identity::new(BTreeSet::new(), BTreeSet::new()), None);
        let identity = Identity::default();
        assert_eq!(identity.uids().first().unwrap().get(), 1337);
        assert_eq!(identity.gids().first().unwrap().get(), 1337);
    }
}
