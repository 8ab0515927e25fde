//! Sends packets: the SYN of a real connect, or a datagram.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, SockaddrStorage, bind, connect, listen,
    send, setsockopt, socket, sockopt,
};
use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

use crate::packets::{Drawn, Transport};

/// What says that no packet was made.
const NOT_SENT: [Errno; 6] = [
    Errno::EINVAL,
    Errno::ENETUNREACH,
    Errno::EADDRNOTAVAIL,
    Errno::EADDRINUSE,
    Errno::EAFNOSUPPORT,
    Errno::ENOBUFS,
];

fn open(address: SocketAddr, kind: SockType) -> OwnedFd {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(family, kind, flags, None).unwrap();
    setsockopt(&socket, sockopt::ReuseAddr, &true).unwrap();
    socket
}

/// Sends a packet from the calling thread's namespace; the socket must stay open till all are sent.
pub fn packet(drawn: &Drawn) -> OwnedFd {
    setfsgid(Gid::from_raw(drawn.gid));
    setfsuid(Uid::from_raw(drawn.uid));
    let kind = match drawn.transport {
        Transport::Tcp => SockType::Stream,
        Transport::Udp => SockType::Datagram,
    };
    let socket = open(drawn.from, kind);
    if drawn.mark != 0 {
        setsockopt(&socket, sockopt::Mark, &drawn.mark).unwrap();
    }
    let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    setsockopt(&socket, sockopt::Linger, &at_once).unwrap();
    let fd = socket.as_raw_fd();
    bind(fd, &SockaddrStorage::from(drawn.from)).unwrap_or_else(|e| panic!("bind {drawn:?}: {e}"));
    let mut result = connect(fd, &SockaddrStorage::from(drawn.to));
    if drawn.transport == Transport::Udp {
        result = result.and_then(|()| send(fd, b"who", MsgFlags::empty()).map(drop));
    }
    if let Err(error) = result {
        assert!(!NOT_SENT.contains(&error), "{drawn:?} was not sent: {error}");
    }
    socket
}

/// Listens as a proxy does that TPROXY hands over to.
pub fn transparent_listener(address: SocketAddr) -> OwnedFd {
    let socket = open(address, SockType::Stream);
    setsockopt(&socket, sockopt::IpTransparent, &true).unwrap();
    if address.is_ipv6() {
        setsockopt(&socket, sockopt::Ipv6V6Only, &true).unwrap();
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(address)).unwrap();
    listen(&socket, Backlog::new(1000).unwrap()).unwrap();
    socket
}
