//! Listens where the proxy would, and tells its own process what came.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::sockopt::Ipv6V6Only;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, setsockopt, socket,
};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::time::sleep;

use super::place::Place;
use super::token::Token;
use crate::net::original::original_destination;
use crate::words::IpFamily;

const BACKLOG: u32 = 64;
const AFTER_FAILURE: Duration = Duration::from_millis(10);

/// Listeners on all addresses, by family and port, and why some are not there.
pub(super) type Listeners = BTreeMap<(IpFamily, u16), io::Result<TcpListener>>;

/// Listens on these ports.
pub(super) fn open(ports: &[u16]) -> Listeners {
    let mut all = Listeners::new();
    for family in [IpFamily::V4, IpFamily::V6] {
        for port in ports {
            all.entry((family, *port)).or_insert_with(|| listener(any(family, *port)));
        }
    }
    all
}

/// All addresses of a family.
fn any(family: IpFamily, port: u16) -> SocketAddr {
    let address: IpAddr = match family {
        IpFamily::V4 => Ipv4Addr::UNSPECIFIED.into(),
        IpFamily::V6 => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(address, port)
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if address.is_ipv6() {
        setsockopt(&socket, Ipv6V6Only, &true)?;
    }
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A socket for datagrams to a port of all addresses of a family.
pub(super) fn datagrams(family: IpFamily, port: u16) -> io::Result<UdpSocket> {
    let kind = match family {
        IpFamily::V4 => AddressFamily::Inet,
        IpFamily::V6 => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let made = socket(kind, SockType::Datagram, flags, None)?;
    if family == IpFamily::V6 {
        setsockopt(&made, Ipv6V6Only, &true)?;
    }
    bind(made.as_raw_fd(), &SockaddrStorage::from(any(family, port)))?;
    UdpSocket::from_std(made.into())
}

/// Tells each connection from this namespace where it came and where it was going, for ever.
/// Others are reset: nothing of this is for them.
pub(super) async fn serve(listener: &TcpListener, port: u16, token: &Token, place: &Place) {
    // Until the end, so that no end of theirs is left waiting (TIME_WAIT) on the proxy's port.
    let mut open = Vec::new();
    loop {
        let Ok((mut stream, peer)) = listener.accept().await else {
            sleep(AFTER_FAILURE).await;
            continue;
        };
        let _ = stream.set_zero_linger();
        if place.has(peer.ip())
            && let Ok(line) = greeting(&stream, port, token)
            && stream.write_all(line.as_bytes()).await.is_ok()
        {
            open.push(stream);
        }
    }
}

fn greeting(stream: &TcpStream, port: u16, token: &Token) -> io::Result<String> {
    let original = original_destination(stream, stream.local_addr()?)?;
    Ok(token.line(port, original))
}
