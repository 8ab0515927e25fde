//! Who the probing process is, as far as it can know, and where it is.

use std::net::IpAddr;

use serde::Serialize;

use crate::explain::{Cgroup, Socket};
use crate::plan::CgroupMatch;
use crate::policy::{CapturePolicy, Match};
use crate::words::{Gid, IfName, IpFamily, Uid};

use super::check::family_of;

/// Stands for the cgroup that a policy names: its number is not known inside, and rules are only
/// compared with packets that have this one or none.
pub(super) const NAMED_CGROUP: CgroupMatch = CgroupMatch { id: 1, level: 1 };

/// The process and its namespace, as far as it can know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The user of sockets that it makes.
    pub(super) uid: Uid,
    /// Their group.
    pub(super) gid: Gid,
    /// Every address of the namespace, with its interface.
    pub(super) addresses: Vec<(IfName, IpAddr)>,
}

/// How a packet leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// With which source address.
    pub(super) source: IpAddr,
    /// By which interface.
    pub(super) interface: IfName,
}

/// Who a process is to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Its sockets are the proxy's.
    Proxy,
    /// They are not.
    App,
    /// It depends on the process's cgroup or net_cls class, which it can't tell for sure.
    Unknown,
}

impl Place {
    /// Every socket that this process's may be. Without capabilities none has a mark.
    pub(super) fn sockets(&self, policy: &CapturePolicy) -> Vec<Socket> {
        let marks = policy.proxy.identity.marks();
        let named = Cgroup { level: NAMED_CGROUP.level, id: NAMED_CGROUP.id };
        let cgroups = marks.cgroup.as_ref().map(|_| vec![named]);
        let classes = [None].into_iter().chain(marks.classid.map(Some));
        let mut all = Vec::new();
        for class in classes {
            for cgroups in [Some(Vec::new()), cgroups.clone()].into_iter().flatten() {
                all.push(Socket { uid: self.uid, gid: self.gid, class, cgroups });
            }
        }
        all
    }

    /// Who the process is to the rules of this policy.
    pub(super) fn role(&self, policy: &CapturePolicy) -> Role {
        let all = self.sockets(policy);
        match all.iter().filter(|socket| is_proxy(policy, socket)).count() {
            0 => Role::App,
            count if count == all.len() => Role::Proxy,
            _ => Role::Unknown,
        }
    }

    /// The addresses of this family at which others reach the pod.
    pub(super) fn own(&self, family: IpFamily) -> impl Iterator<Item = IpAddr> {
        let usable =
            move |address: &IpAddr| family_of(*address) == family && is_reachable(*address);
        let outside = self.addresses.iter().filter(|(name, _)| name.as_str() != "lo");
        outside.map(|(_, address)| *address).filter(usable)
    }

    /// Whether `lo` has an address of this family.
    pub(super) fn has_loopback(&self, family: IpFamily) -> bool {
        let of_lo = self.addresses.iter().filter(|(name, _)| name.as_str() == "lo");
        of_lo.map(|(_, address)| family_of(*address)).any(|own| own == family)
    }

    /// Whether the address is one of this namespace.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.addresses.iter().any(|(_, own)| *own == address)
    }
}

fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    }
}

fn is_proxy(policy: &CapturePolicy, socket: &Socket) -> bool {
    let identity = &policy.proxy.identity;
    let marks = identity.marks();
    let of = |given: bool, has: bool| given.then_some(has);
    let kinds = [
        of(!marks.uids.is_empty(), marks.uids.contains(&socket.uid)),
        of(!marks.gids.is_empty(), marks.gids.contains(&socket.gid)),
        // No policy names the mark 0, and a process without capabilities sets no other.
        marks.mark.map(|_| false),
        marks.classid.map(|class| socket.class == Some(class)),
        of(marks.cgroup.is_some(), !socket.cgroups.is_empty()),
    ];
    let mut given = kinds.into_iter().flatten();
    match identity.matching() {
        Match::Any => given.any(|has| has),
        Match::All => given.all(|has| has),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(proxy: &str, uid: u32, gid: u32) -> Role {
        let text = format!("apiVersion: nftdivert/v1\nproxy: {proxy}\n");
        let policy = CapturePolicy::from_yaml(&text).unwrap();
        let (uid, gid) = (Uid::new(uid).unwrap(), Gid::new(gid).unwrap());
        Place { uid, gid, addresses: Vec::new() }.role(&policy)
    }

    #[test]
    fn ids_decide_where_they_can() {
        assert_eq!(role("{}", 1337, 1337), Role::Proxy);
        assert_eq!(role("{}", 1000, 1337), Role::Proxy);
        assert_eq!(role("{}", 1000, 1000), Role::App);
        assert_eq!(role("{uids: [5, 6], gids: [7]}", 6, 9), Role::Proxy);
        assert_eq!(role("{uids: [1337], mark: 0x1, match: all}", 1337, 1337), Role::App);
        assert_eq!(role("{uids: [], gids: [], mark: 0x1/0x1}", 1337, 1337), Role::App);
    }

    #[test]
    fn groups_of_processes_are_not_known() {
        assert_eq!(role("{cgroup: /mesh/envoy}", 1000, 1000), Role::Unknown);
        assert_eq!(role("{cgroup: /mesh/envoy}", 1337, 1000), Role::Proxy);
        let all = "{uids: [1337], cgroup: /mesh/envoy, match: all}";
        assert_eq!(role(all, 1337, 1337), Role::Unknown);
        assert_eq!(role(all, 1000, 1337), Role::App);
        assert_eq!(role("{uids: [], gids: [], netClsClassid: 5}", 1337, 1337), Role::Unknown);
    }
}
