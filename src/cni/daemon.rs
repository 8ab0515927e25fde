//! Whether the node's daemon takes connections.

use std::os::fd::AsRawFd;
use std::path::Path;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};

use super::error::CniError;

/// Connects to the daemon's socket, if there is to be one. It never waits: a daemon with a full
/// queue is as good as none.
///
/// # Errors
/// Nobody takes connections there.
pub(super) fn reach(path: Option<&Path>) -> Result<(), CniError> {
    let Some(path) = path else { return Ok(()) };
    let attempt = || {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
        connect(socket.as_raw_fd(), &UnixAddr::new(path)?)
    };
    attempt().map_err(|errno| CniError::Daemon { path: path.to_owned(), source: errno.into() })
}
