//! A socket that hears what the kernel tells to a multicast group.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use netlink_sys::Socket;
use nix::sys::socket::{setsockopt, sockopt};

use super::connection::{Each, Family, RECEIVE_BYTES};
use super::{Answer, NetlinkError};

/// Room for some tens of thousands of events.
const BUFFER_BYTES: usize = 16 * 1024 * 1024;
/// Read at once; the caller may have something else to do then.
const READ_AT_MOST: usize = 4096;
const ENOBUFS: i32 = 105;
/// The columns of the kernel's list that name the family, the socket's number, and what it lost.
const FAMILY: usize = 1;
const PORT: usize = 2;
const DROPS: usize = 8;

/// A socket in one multicast group. It belongs to the network namespace of the thread that opened
/// it.
#[derive(Debug)]
pub struct Subscription {
    socket: Socket,
    family: Family,
    port: u32,
    buffer: Vec<u8>,
    overflows: u64,
}

impl Subscription {
    /// Joins a group in the namespace of the calling thread.
    ///
    /// # Errors
    /// The kernel has no such family or group, or the process may not listen to it.
    pub fn open(family: Family, group: u32) -> Result<Self, NetlinkError> {
        let open = || {
            let mut socket = Socket::new(family.protocol())?;
            let port = socket.bind_auto()?.port_number();
            // Without privilege in the initial user namespace it stays at `net.core.rmem_max`.
            if setsockopt(&socket.as_fd(), sockopt::RcvBufForce, &BUFFER_BYTES).is_err() {
                setsockopt(&socket.as_fd(), sockopt::RcvBuf, &BUFFER_BYTES)?;
            }
            socket.add_membership(group)?;
            Ok((socket, port))
        };
        let (socket, port) = open().map_err(|source| NetlinkError::Open { family, source })?;
        Ok(Self { socket, family, port, buffer: Vec::with_capacity(RECEIVE_BYTES), overflows: 0 })
    }

    /// Hands messages that are there to `each`, and does not wait for more: their type, and what
    /// follows the netlink header; `true` where some may be left. What the kernel could not keep is
    /// counted, see [`Self::lost`].
    ///
    /// # Errors
    /// The socket can't be read, or what it says can't.
    pub fn receive(&mut self, each: &mut Each<'_>) -> Result<bool, NetlinkError> {
        for _ in 0..READ_AT_MOST {
            self.buffer.clear();
            match self.socket.recv_from(&mut self.buffer, nix::libc::MSG_DONTWAIT) {
                Ok((_, sender)) if sender.port_number() != 0 => {}
                Ok(_) => hand_over(self.family, &self.buffer, each)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.raw_os_error() == Some(ENOBUFS) => self.overflows += 1,
                Err(source) => return Err(NetlinkError::Receive { family: self.family, source }),
            }
        }
        Ok(true)
    }

    /// How many messages the kernel could not keep, for the socket's buffer was full; where its
    /// list can't be read, how many times that happened at least.
    #[must_use]
    pub fn lost(&self) -> u64 {
        if self.overflows == 0 {
            return 0;
        }
        // /proc/net is that of the process's first thread.
        let list = fs::read_to_string("/proc/thread-self/net/netlink").unwrap_or_default();
        let number = u64::try_from(self.family.protocol()).unwrap_or_default();
        let counted = drops(&list, number, self.port).unwrap_or_default();
        counted.max(self.overflows)
    }
}

impl AsFd for Subscription {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn hand_over(family: Family, mut datagram: &[u8], each: &mut Each<'_>) -> Result<(), NetlinkError> {
    while !datagram.is_empty() {
        let (answer, after) =
            Answer::parse(datagram).map_err(|source| NetlinkError::Malformed { family, source })?;
        if let Answer::Object { kind, body, .. } = answer {
            each(kind, body)?;
        }
        datagram = after;
    }
    Ok(())
}

/// What a socket lost, by the kernel's list of netlink sockets.
fn drops(list: &str, family: u64, port: u32) -> Option<u64> {
    list.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let number = |column: usize| columns.get(column)?.parse::<u64>().ok();
        let is_this = number(FAMILY) == Some(family) && number(PORT) == Some(u64::from(port));
        if is_this { number(DROPS) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list_tells_what_a_socket_lost() {
        let list = "\
sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000000000000 0   4711       00000000 0        0        0     2        5        101
0000000000000000 12  4711       00000100 0        0        0     2        39       102
0000000000000000 12  4712       00000100 0        0        0     2        7        103
";
        assert_eq!(drops(list, 12, 4711), Some(39));
        assert_eq!(drops(list, 12, 1), None);
        assert_eq!(drops("", 12, 4711), None);
    }
}
