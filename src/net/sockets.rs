//! TCP connections that live in a namespace.

mod live;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::Ipv6Addr;
use std::ops::Range;

use netlink_packet_core::NLM_F_DUMP;
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};

use crate::netlink::{Attributes, Connection, Family, NetlinkError};
use crate::words::IpFamily;

pub use live::{Destroyed, LiveSocket, can_destroy, destroy, live};

/// Counts of sockets in use in the namespace of the thread that reads them.
const COUNTS: [&str; 2] = ["/proc/thread-self/net/sockstat", "/proc/thread-self/net/sockstat6"];

/// Where `struct inet_diag_msg` has the ports and addresses of both ends, the socket's own first.
const SOURCE_PORT: Range<usize> = 4..6;
const DESTINATION_PORT: Range<usize> = 6..8;
const SOURCE: Range<usize> = 8..24;
const DESTINATION: Range<usize> = 24..40;
/// Bytes of `struct inet_diag_msg`.
const HEADER_LEN: usize = 72;
/// `INET_DIAG_MARK`.
const INET_DIAG_MARK: u16 = 15;
/// `TCP_TIME_WAIT`: both ends are closed.
const TIME_WAIT: u8 = 6;

/// Whether TCP sockets of any kind are in use in the namespace of the calling thread; two small
/// files tell. A socket that only listens counts: it may have a connection a moment later.
///
/// # Errors
/// There is no proc file system.
pub fn any_tcp() -> io::Result<bool> {
    for path in COUNTS {
        if in_use(path)? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many TCP connections, of both families, live in the namespace of the calling thread; those
/// that have ended and only wait for their time are not among them. To list them the kernel walks
/// through the connections of all namespaces (about a millisecond).
///
/// # Errors
/// sock_diag refused, or the kernel has none.
pub fn live_tcp() -> Result<usize, NetlinkError> {
    Ok(live(&mut Connection::open(Family::SockDiag)?)?.len())
}

/// How many live TCP connections of the namespace of the calling thread have been dialled from
/// this address.
///
/// # Errors
/// sock_diag refused.
pub fn count_users(address: Ipv6Addr) -> Result<usize, NetlinkError> {
    let mut connection = Connection::open(Family::SockDiag)?;
    let mut count = 0;
    connection.request(NLM_F_DUMP, list(AF_INET6, connected()), &mut |_, body| {
        let is_live = body.get(1) != Some(&TIME_WAIT);
        let is_user = body.get(SOURCE) == Some(address.octets().as_slice());
        count += usize::from(is_live && is_user);
        Ok(())
    })?;
    Ok(count)
}

/// How many live TCP connections of the namespace of the calling thread carry this mark
/// (`SO_MARK`); one whose both ends do is one. Only who has `CAP_NET_ADMIN` is told.
///
/// # Errors
/// sock_diag refused.
pub fn count_marked(family: IpFamily, wanted: u32) -> Result<usize, NetlinkError> {
    let mut connection = Connection::open(Family::SockDiag)?;
    let idle = StateFlags::LISTEN | StateFlags::CLOSE | StateFlags::TIME_WAIT;
    let family = match family {
        IpFamily::V4 => AF_INET,
        IpFamily::V6 => AF_INET6,
    };
    let mut marked = BTreeSet::new();
    let ask = list(family, StateFlags::all().difference(idle));
    connection.request(NLM_F_DUMP, ask, &mut |_, body| {
        if mark(body) == wanted {
            marked.insert(ends(body));
        }
        Ok(())
    })?;
    Ok(marked.len())
}

/// The socket's mark; one without has no attribute.
fn mark(body: &[u8]) -> u32 {
    let attributes = Attributes::new(body.get(HEADER_LEN..).unwrap_or_default());
    let found = attributes.find(INET_DIAG_MARK).and_then(|found| found.bytes().try_into().ok());
    found.map_or(0, u32::from_ne_bytes)
}

/// Both ends of a connection, the same from either.
fn ends(body: &[u8]) -> [Vec<u8>; 2] {
    let of = |part: Range<usize>| body.get(part).unwrap_or_default();
    let end = |address, port| [of(address), of(port)].concat();
    let mut both = [end(SOURCE, SOURCE_PORT), end(DESTINATION, DESTINATION_PORT)];
    both.sort_unstable();
    both
}

/// The sum of the numbers that count sockets in `TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0` or
/// `TCP6: inuse 0`; what is allocated and its memory are of the whole machine.
fn in_use(path: &str) -> io::Result<u64> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        // A kernel without IPv6 has no counts of it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    Ok(text.lines().filter(|line| line.starts_with("TCP")).map(count_line).sum())
}

fn count_line(line: &str) -> u64 {
    let words: Vec<&str> = line.split_whitespace().collect();
    let counted = |pair: &[&str]| match pair {
        ["inuse" | "tw", number] => number.parse().unwrap_or(1),
        _ => 0,
    };
    words.windows(2).map(counted).sum()
}

/// The question for the sockets of a family in any of these states.
fn list(family: u8, states: StateFlags) -> SockDiagMessage {
    let any = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
    SockDiagMessage::InetRequest(request(family, states, any))
}

/// All states of a connection, TIME_WAIT included.
fn connected() -> StateFlags {
    StateFlags::all().difference(StateFlags::LISTEN | StateFlags::CLOSE)
}

fn request(family: u8, states: StateFlags, socket_id: SocketId) -> InetRequest {
    let extensions = ExtensionFlags::empty();
    InetRequest { family, protocol: IPPROTO_TCP, extensions, states, socket_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_counts_of_this_namespace_are_counted() {
        assert_eq!(count_line("TCP: inuse 0 orphan 0 tw 0 alloc 7 mem 3"), 0);
        assert_eq!(count_line("TCP: inuse 2 orphan 0 tw 1 alloc 7 mem 3"), 3);
        assert_eq!(count_line("TCP6: inuse 4"), 4);
    }
}
