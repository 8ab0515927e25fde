//! Why it is not known which ids count.

use nix::errno::Errno;

use crate::net::netns::NetnsError;
use crate::words::WordError;

/// A failure to translate the ids of a process.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum IdsError {
    /// No process has this number, or none any more.
    #[error("there is no process {pid}")]
    NoProcess {
        /// The number.
        pid: u32,
    },
    /// A file of the process can't be read.
    #[error("can't read /proc/{pid}/{file}: {source}{}", advice(*source))]
    Read {
        /// The process.
        pid: u32,
        /// The file below its folder.
        file: &'static str,
        /// Why not.
        source: Errno,
    },
    /// A map is not as kernels write it.
    #[error("/proc/{pid}/{file} {source}")]
    Map {
        /// The process.
        pid: u32,
        /// The file below its folder.
        file: &'static str,
        /// What it is not.
        source: WordError,
    },
    /// The process's user namespace has no ids yet.
    #[error(
        "/proc/{pid}/{file} is empty: the user namespace of process {pid} has no ids yet; try \
         again when its runtime has written the map"
    )]
    NoIds {
        /// The process.
        pid: u32,
        /// The file below its folder.
        file: &'static str,
    },
    /// The kernel does not tell whose the network namespace is.
    #[error(
        "can't tell which ids count in the network namespace for process {pid}: the user namespace \
         that owns it lies outside of ours, so the kernel hides it; run nftdivert in the user \
         namespace that owns it (on a node: that of the container runtime)"
    )]
    OwnerHidden {
        /// The process.
        pid: u32,
    },
    /// The network namespace belongs neither to the process's user namespace nor to ours.
    #[error(
        "can't translate the ids of process {pid}: the network namespace is owned by a third user \
         namespace, neither that of the process nor ours, and the kernel writes maps only as we \
         count; run nftdivert in the user namespace that owns it (nsenter --user)"
    )]
    OwnerForeign {
        /// The process.
        pid: u32,
    },
    /// The process is not in a user namespace below the owner's.
    #[error(
        "can't translate the ids of process {pid}: its user namespace does not lie below the one \
         that owns the network namespace, so most of its ids have no number there; name a process \
         of the pod itself"
    )]
    NotBelow {
        /// The process.
        pid: u32,
    },
    /// The process changed its user namespace meanwhile.
    #[error(
        "process {pid} entered another user namespace while its ids were read; name a process that \
         stays, such as the pod's first"
    )]
    Moved {
        /// The process.
        pid: u32,
    },
    /// A namespace can't be looked into.
    #[error(transparent)]
    Namespace(#[from] NetnsError),
}

fn advice(source: Errno) -> &'static str {
    match source == Errno::EACCES {
        true => " (a foreign process needs CAP_SYS_PTRACE over it)",
        false => "",
    }
}
