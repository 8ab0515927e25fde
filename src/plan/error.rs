//! Why nothing can be planned.

use crate::ruleset::InvalidRuleset;
use crate::words::CgroupPath;

/// What the policy asks for can't be planned for this namespace.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The rules would be refused by the kernel: a defect of this crate, found before anything is
    /// touched.
    #[error("the plan is not a ruleset: {0}. This is a defect of nftdivert: please report it")]
    Invalid(#[from] InvalidRuleset),
    /// An id that the pod's user namespace does not have.
    #[error(
        "{setting}: {id} is no id of the pod's user namespace, so that no socket of the pod can \
         have it; its map has {map}"
    )]
    UnmappedId {
        /// The setting that names it.
        setting: &'static str,
        /// The id.
        id: u32,
        /// The ids that there are.
        map: String,
    },
    /// Name servers are to be taken from the pod, and it names none.
    #[error(
        "dns.servers is resolvConf, and the pod's /etc/resolv.conf names no server{0}; list \
         dns.servers, or set dns.capture to all"
    )]
    NoNameServers(&'static str),
    /// Nobody has looked the cgroup up.
    #[error("proxy.cgroup: {0} has not been looked up on this machine")]
    CgroupUnknown(CgroupPath),
}
