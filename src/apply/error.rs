//! Why something could not be applied, removed or looked at.

use crate::net::kernel::KernelTooOld;
use crate::net::netns::NetnsError;
use crate::net::resolv::ResolvError;
use crate::net::routing::RoutingError;
use crate::net::sysctl::SysctlError;
use crate::netlink::NetlinkError;
use crate::nft::NftError;
use crate::plan::{Effect, PlanError, TABLE};
use crate::process::cgroup::CgroupError;

use super::others::OthersError;
use super::record::Version;
use super::undo::Undo;

/// A failure. Unless it says otherwise, the namespace is as it was before.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The machine's own namespace, and nobody said that it is meant.
    #[error(
        "this is the machine's own network namespace: name a pod's with --netns or --pid, or say \
         --host if the machine itself is meant"
    )]
    HostNamespace,
    /// Not the machine's own namespace, although it was said to be meant.
    #[error("--host was given, but this is not the machine's own network namespace")]
    NotHostNamespace,
    /// The namespace could not be entered.
    #[error(transparent)]
    Netns(#[from] NetnsError),
    /// The namespace could not be locked.
    #[error("can't lock the network namespace against other runs of nftdivert: {0}")]
    Turn(#[source] std::io::Error),
    /// The kernel can't do it.
    #[error(transparent)]
    Kernel(#[from] KernelTooOld),
    /// nf_tables refused.
    #[error(transparent)]
    Nft(#[from] NftError),
    /// Sockets or addresses could not be read.
    #[error(transparent)]
    Netlink(#[from] NetlinkError),
    /// Whether sockets are in use could not be read.
    #[error("can't read whether TCP sockets are in use: {0}")]
    Sockets(#[source] std::io::Error),
    /// A setting could not be read.
    #[error(transparent)]
    Sysctl(#[from] SysctlError),
    /// The policy asks for what can't be planned here.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The cgroup that the policy names can't be matched.
    #[error("proxy.cgroup: {0}")]
    Cgroup(#[from] CgroupError),
    /// The pod's name servers can't be read.
    #[error("dns.servers is resolvConf: {0}")]
    Resolv(#[from] ResolvError),
    /// Name servers are to be taken from a pod whose files are not known.
    #[error(
        "dns.servers is resolvConf, and whose /etc/resolv.conf is meant is not known: name the \
         pod's root file system with --root DIR, or list dns.servers"
    )]
    NoRoot,
    /// Connections live whose packets would be dropped.
    #[error(
        "inbound.dropInvalid: {count} TCP connections live whose start conntrack has not seen, or \
         may not have; their packets would be dropped. Apply before the first connection, set \
         existing to reset, or break them knowingly with --break-live"
    )]
    DropsLive {
        /// How many connections live.
        count: usize,
    },
    /// The kernel can't end connections.
    #[error(
        "existing is reset, and this kernel can't end connections of others \
         (CONFIG_INET_DIAG_DESTROY); set existing to keep"
    )]
    CannotReset,
    /// Capture is in force, and connections from before it could not be ended.
    #[error("capture is in force, but connections that lived before could not be reset: {source}")]
    NotReset {
        /// Why.
        source: NetlinkError,
    },
    /// Capture rules of others are there, or could not be looked for.
    #[error(transparent)]
    Others(#[from] OthersError),
    /// Capture is in force, beside that of another mesh.
    #[error(
        "capture is in force, but so are the rules of another mesh, and connections are redirected \
         twice: {source}. `nftdivert apply --take-over` again goes on"
    )]
    NotTakenOver {
        /// Why they could not be taken away.
        source: OthersError,
    },
    /// There is more to undo than a record holds.
    #[error(
        "there is more to undo than the record in table `inet {TABLE}` can hold: remove capture \
         first, then apply"
    )]
    RecordFull,
    /// A table of our name that we did not write.
    #[error(
        "a table `inet {TABLE}` is there that nftdivert did not write: look at it with \
         `nft list table inet {TABLE}` and delete or rename it"
    )]
    NotOurs,
    /// Our table, written by a newer version.
    #[error(
        "capture was applied by nftdivert {found}, which is newer than this one ({}): use \
         nftdivert {found} or newer, or let that one remove it first",
        Version::own()
    )]
    Newer {
        /// The newer version.
        found: Version,
    },
    /// Connections live that would be captured in mid-stream, and can't be protected.
    #[error(
        "TCP connections live in this namespace and would be broken: {source}. Make it writable, \
         apply before the first connection, or break them knowingly with --break-live"
    )]
    LiveConnections {
        /// Why they can't be protected.
        source: SysctlError,
    },
    /// An effect could not be made.
    #[error("can't set up {effect}: {source}")]
    Effect {
        /// Which.
        effect: Effect,
        /// Why.
        source: EffectError,
    },
    /// An effect could not be taken back.
    #[error("can't undo `{undo}`: {source}")]
    Undo {
        /// Which.
        undo: Undo,
        /// Why.
        source: EffectError,
    },
    /// A failure after which something could not be put back.
    #[error("{cause}\nWhat could not be put back and is left:\n{}", lines(left))]
    Left {
        /// The failure itself.
        cause: Box<Self>,
        /// What is left, and why.
        left: Vec<Self>,
    },
    /// What a first apply began and could not take away.
    #[error(
        "a table `inet {TABLE}` without rules, which does nothing, because {source}; the next apply \
         or remove finishes"
    )]
    EmptyTable {
        /// Why it could not be taken away.
        source: Box<Self>,
    },
    /// What a replacement wrote down before it failed, and could not write back.
    #[error(
        "a record that lists more to undo than there is, which does no harm, because {source}; the \
         next apply or remove mends it"
    )]
    LongRecord {
        /// Why it could not be written back.
        source: Box<Self>,
    },
    /// The rules of a way from one mode to another, which could not be written back.
    #[error(
        "the rules for the way from one inbound mode to the other, which capture in both, because \
         {source}; the next apply or remove mends it"
    )]
    Bridged {
        /// Why they could not be written back.
        source: Box<Self>,
    },
    /// Sets that came before their rules, and could not be taken away again.
    #[error(
        "sets that no rule looks up, which do no harm, because {source}; the next apply or remove \
         takes them away"
    )]
    IdleSets {
        /// Why they could not be taken away.
        source: Box<Self>,
    },
    /// The table that we were filling was taken away or over.
    #[error("somebody else took the table away, or over, while it was being filled")]
    Overtaken,
    /// A drain that could not go on.
    #[error(
        "new connections are not captured any more, captured ones live on, and the drain can't go \
         on: {source}. `nftdivert remove` cuts them and finishes, `nftdivert apply` captures again"
    )]
    DrainStopped {
        /// Why.
        source: Box<Self>,
    },
    /// A removal that took the rules away and not all that was set up besides.
    #[error(
        "capture was taken away, but an empty table is left that says what else to undo: {source}. \
         `nftdivert remove` again finishes it"
    )]
    HalfRemoved {
        /// Why it could not go on.
        source: Box<Self>,
    },
    /// Somebody applied again while captured connections drained.
    #[error("capture was applied again while its connections drained: it stays")]
    TakenUp,
    /// Captured connections outlived the drain's time limit.
    #[error(
        "captured connections that still live after {} s: {remaining}; new ones are not captured \
         any more. `nftdivert remove --drain` waits on, `nftdivert remove` cuts them",
        waited.as_secs()
    )]
    DrainTimedOut {
        /// How many live.
        remaining: usize,
        /// The time limit.
        waited: std::time::Duration,
    },
}

/// Why an effect could not be made or taken back.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum EffectError {
    /// Addresses.
    #[error(transparent)]
    Netlink(#[from] NetlinkError),
    /// Settings.
    #[error(transparent)]
    Sysctl(#[from] SysctlError),
    /// Routes and rules.
    #[error(transparent)]
    Routing(#[from] RoutingError),
    /// The setting is not there at all.
    #[error("the kernel has no {name}; `modprobe nf_conntrack` on the node brings it")]
    Absent {
        /// Its name.
        name: String,
    },
}

impl ApplyError {
    /// The failure, with what could not be put back after it.
    pub(super) fn with_left(self, left: Vec<Self>) -> Self {
        if left.is_empty() { self } else { Self::Left { cause: Box::new(self), left } }
    }

    /// Whether nobody knows if the kernel committed.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Nft(NftError::Unknown { .. }))
    }

    /// Whether somebody else wrote in between, so that trying again may work.
    pub(super) fn is_stale(&self) -> bool {
        if let Self::HalfRemoved { source } = self {
            return source.is_stale();
        }
        matches!(self, Self::Nft(NftError::Stale))
    }
}

fn lines(errors: &[ApplyError]) -> String {
    errors.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n")
}
