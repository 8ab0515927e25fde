//! The node's daemon: whether it takes connections, and the log lines that it gets.

use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, send, socket,
};

use super::error::CniError;

/// Connects to the daemon's socket, if there is to be one. It never waits: a daemon with a full
/// queue is as good as none.
///
/// # Errors
/// Nobody takes connections there.
pub(super) fn reach(path: Option<&Path>) -> Result<(), CniError> {
    let Some(path) = path else { return Ok(()) };
    let fail = |errno: Errno| CniError::Daemon { path: path.to_owned(), source: errno.into() };
    dial(path).map(drop).map_err(fail)
}

fn dial(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(socket)
}

/// The daemon as a listener to log lines: each is a frame, its length as 32 bits, big-endian, and
/// `{"log": LINE}`. A daemon that does not keep up gets no more of them: no pod waits for a log.
pub(super) struct Listener(Option<OwnedFd>);

impl Listener {
    /// The daemon at `path`, if it takes connections.
    pub(super) fn reach(path: &Path) -> Option<Self> {
        dial(path).ok().map(|socket| Self(Some(socket)))
    }
}

impl Write for Listener {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let frame = frame(line);
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let sent = self.0.as_ref().map(|socket| send(socket.as_raw_fd(), &frame, flags));
        // Half a frame would spoil the next.
        if sent != Some(Ok(frame.len())) {
            self.0 = None;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn frame(line: &[u8]) -> Vec<u8> {
    let body = [b"{\"log\":", line.trim_ascii_end(), b"}"].concat();
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), body.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_frame() {
        assert_eq!(frame(b"{\"a\":1}\n"), b"\0\0\0\x0f{\"log\":{\"a\":1}}");
    }

    #[test]
    fn a_listener_that_is_gone_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        assert!(Listener::reach(&path).is_none());
        let daemon = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mut listener = Listener::reach(&path).unwrap();
        drop(daemon);
        assert_eq!(listener.write(b"{}\n").unwrap(), 3);
        assert!(listener.0.is_none());
        assert_eq!(listener.write(b"{}\n").unwrap(), 3);
    }
}
