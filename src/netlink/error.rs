//! What can go wrong between us and the kernel.

use std::io;
use std::time::Duration;

use netlink_packet_core::DecodeError;
use nix::errno::Errno;

use super::{Family, KernelError};

const ENOENT: i32 = 2;

/// A request that got no usable answer.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum NetlinkError {
    /// The socket could not be opened.
    #[error("can't open a {family} netlink socket: {}", io_text(source))]
    Open {
        /// Which.
        family: Family,
        /// What the kernel said.
        source: io::Error,
    },
    /// The request could not be sent.
    #[error("can't send {bytes} bytes to {family} netlink: {}", io_text(source))]
    Send {
        /// Which socket.
        family: Family,
        /// How much.
        bytes: usize,
        /// What the kernel said.
        source: io::Error,
    },
    /// The answer could not be received.
    #[error("can't receive from {family} netlink: {}", io_text(source))]
    Receive {
        /// Which socket.
        family: Family,
        /// What the kernel said.
        source: io::Error,
    },
    /// No answer came in time.
    #[error("{family} netlink did not answer within {} s", waited.as_secs())]
    NoAnswer {
        /// Which socket.
        family: Family,
        /// The time limit.
        waited: Duration,
    },
    /// The answer makes no sense.
    #[error("{family} netlink answered what can't be read: {source}")]
    Malformed {
        /// Which socket.
        family: Family,
        /// Where reading failed.
        source: DecodeError,
    },
    /// What was read changed meanwhile.
    #[error("what {family} netlink listed changed while it was read")]
    Interrupted {
        /// Which socket.
        family: Family,
    },
    /// The kernel refused the request.
    #[error("{family} netlink refused: {}{}", kernel_text(error), diag_advice(*family, error))]
    Refused {
        /// Which socket.
        family: Family,
        /// Why.
        error: KernelError,
    },
}

impl NetlinkError {
    /// The errno behind it, if there is one.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Open { source, .. }
            | Self::Send { source, .. }
            | Self::Receive { source, .. } => source.raw_os_error(),
            Self::Refused { error, .. } => Some(error.errno),
            Self::NoAnswer { .. } | Self::Malformed { .. } | Self::Interrupted { .. } => None,
        }
    }
}

/// `ENOENT (No such file or directory)`.
#[must_use]
pub fn errno_text(errno: i32) -> String {
    let errno = Errno::from_raw(errno);
    format!("{errno:?} ({})", errno.desc())
}

/// sock_diag answers so where it knows no TCP.
fn diag_advice(family: Family, error: &KernelError) -> &'static str {
    if family == Family::SockDiag && error.errno == ENOENT {
        ". The kernel can't list TCP connections (CONFIG_INET_TCP_DIAG): load it on the node with \
         `modprobe tcp_diag`"
    } else {
        ""
    }
}

fn io_text(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), errno_text)
}

fn kernel_text(error: &KernelError) -> String {
    let errno = errno_text(error.errno);
    match &error.words {
        Some(words) => format!("{errno}: {words}"),
        None => errno,
    }
}
