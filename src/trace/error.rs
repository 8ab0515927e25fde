//! Why nothing can be traced.

use nix::errno::Errno;

use crate::apply::ApplyError;
use crate::follow::{Mismatch, TRACE_TABLE};
use crate::netlink::NetlinkError;
use crate::nft::NftError;
use crate::ruleset::InvalidRuleset;

/// What can go wrong while packets are traced.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The filter contradicts itself.
    #[error(transparent)]
    Filter(#[from] Mismatch),
    /// The filter gives rules that the kernel would refuse.
    #[error("the filter's rules can't be written: {0}")]
    Rules(#[from] InvalidRuleset),
    /// The user is none of the pod.
    #[error("{uid} is not an id of this pod, whose map is {map}")]
    Uid {
        /// The user.
        uid: u32,
        /// Which ids there are.
        map: String,
    },
    /// Nothing is applied, and rules of others were not asked for.
    #[error(
        "nothing is applied here, so no rule of ours captures anything; `nftdivert apply` captures. \
         With --all-tables the rules of others are traced"
    )]
    NotApplied,
    /// Another trace runs.
    #[error(
        "another trace runs in this namespace: the table {TRACE_TABLE} is there, and ends with it"
    )]
    Busy,
    /// Somebody else has a table of this name.
    #[error(
        "a table inet {TRACE_TABLE} is there that no trace of ours made; delete it with \
         `nft delete table inet {TRACE_TABLE}` if nobody needs it"
    )]
    NotOurs,
    /// The kernel has no tables that end with their socket.
    #[error(
        "the kernel can't tie a table to this command ({errno}), which takes Linux 5.12: if the \
         command were killed, its rules would stay. `nftdivert explain` tells what the rules would do"
    )]
    NoOwner {
        /// What it said.
        errno: Errno,
    },
    /// The namespace could not be looked at.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The kernel refused the rules or does not list them.
    #[error(transparent)]
    Nft(#[from] NftError),
    /// Events can't be heard.
    #[error("can't hear of traced packets: {0}")]
    Events(#[from] NetlinkError),
    /// Signals or readiness can't be waited for.
    #[error("can't {doing}: {source}")]
    Wait {
        /// What.
        doing: &'static str,
        /// What the kernel said.
        source: Errno,
    },
}

impl TraceError {
    /// Whether the command was used wrongly.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Filter(_) | Self::Uid { .. } => true,
            Self::Apply(ApplyError::HostNamespace | ApplyError::NotHostNamespace) => true,
            Self::Rules(_)
            | Self::NotApplied
            | Self::Busy
            | Self::NotOurs
            | Self::NoOwner { .. }
            | Self::Apply(_)
            | Self::Nft(_)
            | Self::Events(_)
            | Self::Wait { .. } => false,
        }
    }
}
