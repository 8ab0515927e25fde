//! Connections one by one, and their ends from outside.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::ops::Range;

use netlink_packet_core::{DecodeError, NLM_F_ACK, NLM_F_DUMP, ParseableParametrized};
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6};
use netlink_packet_sock_diag::inet::{SocketId, StateFlags};
use netlink_packet_sock_diag::{SockDiagDestroy, SockDiagMessage};

use super::{list, request};
use crate::netlink::{Connection, Family, NetlinkError};

/// `SOCK_DIAG_BY_FAMILY`.
const SOCKET: u16 = 20;
/// Where `struct inet_diag_msg` has the parts that are read here (`linux/inet_diag.h`).
const STATE: usize = 1;
const TIMER: usize = 2;
const ID: Range<usize> = 4..52;
const UID: Range<usize> = 64..68;
/// The timer of what is left of a closed socket (`inet_twsk_diag_fill`), also where the state says
/// FIN_WAIT2: nobody holds it any more.
const CLOSED: u8 = 3;
/// No socket's cookie. All ones would stand for any (`INET_DIAG_NOCOOKIE`).
const NO_COOKIE: [u8; 8] = [0xfe; 8];

const ENOENT: i32 = 2;
const ENOSYS: i32 = 38;
const ESTALE: i32 = 116;
const EOPNOTSUPP: i32 = 95;

/// A TCP socket of a connection that lives, being opened and being closed included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSocket {
    /// Its own address. IPv4 in an IPv6 socket is written as IPv4.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// Its owner, as the user namespace of the process that opened the netlink socket counts; 0
    /// for one without a file: not accepted yet, or closed and still sending.
    pub uid: u32,
    /// Its mark (`SO_MARK`); 0 also where the caller lacks `CAP_NET_ADMIN`.
    pub mark: u32,
    /// Its state, as in `net/tcp_states.h`: 1 is ESTABLISHED.
    pub state: u8,
    family: u8,
    /// Addresses, ports, device and cookie as the kernel wrote them.
    id: SocketId,
}

/// What became of a socket that was to be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destroyed {
    /// It was: its process gets ECONNABORTED, the other end an RST.
    Yes,
    /// It had ended by itself.
    Gone,
}

/// The sockets of all connections of the namespace that `connection` (of [`Family::SockDiag`])
/// belongs to, both families. Those that listen, are not connected or only wait for the end of
/// their time (TIME_WAIT) are not among them.
///
/// # Errors
/// sock_diag refused, or the kernel has none.
pub fn live(connection: &mut Connection) -> Result<Vec<LiveSocket>, NetlinkError> {
    let idle = StateFlags::LISTEN | StateFlags::CLOSE | StateFlags::TIME_WAIT;
    let states = StateFlags::all().difference(idle);
    let mut found = Vec::new();
    for family in [AF_INET, AF_INET6] {
        let ask = list(family, states.clone());
        connection.request(NLM_F_DUMP, ask, &mut |kind, body| {
            if kind == SOCKET && body.get(TIMER) != Some(&CLOSED) {
                found.push(parse(family, body).map_err(malformed)?);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Destroys the socket, and no other that has its addresses by now. Needs `CAP_NET_ADMIN` in the
/// user namespace that owns the network namespace, and a kernel with `CONFIG_INET_DIAG_DESTROY`.
///
/// # Errors
/// The kernel refused.
pub fn destroy(
    connection: &mut Connection,
    socket: &LiveSocket,
) -> Result<Destroyed, NetlinkError> {
    let order = order(socket.family, socket.id.clone());
    match connection.request(NLM_F_ACK, order, &mut |_, _| Ok(())) {
        Ok(()) => Ok(Destroyed::Yes),
        Err(error) if matches!(error.errno(), Some(ENOENT | ESTALE)) => Ok(Destroyed::Gone),
        Err(error) => Err(error),
    }
}

/// Whether this kernel destroys sockets; asked with one that can't exist.
///
/// The kernel looks at privileges only when it has found a socket: a yes does not say that the
/// caller may.
///
/// # Errors
/// sock_diag refused, or the kernel can't list TCP connections at all.
pub fn can_destroy(connection: &mut Connection) -> Result<bool, NetlinkError> {
    // A kernel without sock_diag for TCP says ENOENT too, but here to both: this lists nothing.
    let nothing = list(AF_INET, StateFlags::empty());
    connection.request(NLM_F_DUMP, nothing, &mut |_, _| Ok(()))?;
    let id = SocketId { cookie: NO_COOKIE, ..SocketId::new_v4() };
    match connection.request(NLM_F_ACK, order(AF_INET, id), &mut |_, _| Ok(())) {
        Ok(()) => Ok(true),
        Err(error) => match error.errno() {
            Some(ENOENT) => Ok(true),
            Some(EOPNOTSUPP | ENOSYS) => Ok(false),
            _ => Err(error),
        },
    }
}

fn order(family: u8, id: SocketId) -> SockDiagDestroy {
    SockDiagDestroy::new(SockDiagMessage::InetRequest(request(family, StateFlags::empty(), id)))
}

fn parse(family: u8, body: &[u8]) -> Result<LiveSocket, DecodeError> {
    let short = || DecodeError::buffer_too_small(body.len(), UID.end);
    let id = SocketId::parse_with_param(body.get(ID).ok_or_else(short)?, family)?;
    let uid = body.get(UID).and_then(|uid| uid.try_into().ok()).ok_or_else(short)?;
    Ok(LiveSocket {
        local: address(id.source_address, id.source_port, id.interface_id),
        remote: address(id.destination_address, id.destination_port, id.interface_id),
        uid: u32::from_ne_bytes(uid),
        mark: super::mark(body),
        state: *body.get(STATE).ok_or_else(short)?,
        family,
        id,
    })
}

/// A link-local address is one only together with its device.
fn address(ip: IpAddr, port: u16, device: u32) -> SocketAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => {
            SocketAddrV6::new(v6, port, 0, device).into()
        }
        plain @ (IpAddr::V4(_) | IpAddr::V6(_)) => SocketAddr::new(plain, port),
    }
}

fn malformed(source: DecodeError) -> NetlinkError {
    NetlinkError::Malformed { family: Family::SockDiag, source }
}

impl fmt::Display for LiveSocket {
    /// Writes `10.88.0.2:41000 -> 192.0.2.10:80 of user 1000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} of user {}", self.local, self.remote, self.uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 127.0.0.1:8080 from 127.0.0.1:80, in an IPv6 socket of user 1000.
    fn mapped() -> Vec<u8> {
        let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1];
        let mut body = vec![AF_INET6, 1, 0, 0, 0x1f, 0x90, 0, 80];
        body.extend(mapped.iter().chain(&mapped));
        body.extend([0; 24]);
        body.extend(1000u32.to_ne_bytes());
        body.extend([0; 4]);
        body
    }

    #[test]
    fn mapped_addresses_become_plain() {
        let socket = parse(AF_INET6, &mapped()).unwrap();
        assert_eq!(socket.to_string(), "127.0.0.1:8080 -> 127.0.0.1:80 of user 1000");
        assert_eq!(socket.state, 1);
        assert!(socket.id.source_address.is_ipv6(), "the kernel is asked as it answered");
    }

    #[test]
    fn short_answers_are_refused() {
        assert!(parse(AF_INET6, &mapped()[..67]).is_err());
        assert!(parse(AF_INET, &[]).is_err());
    }
}
