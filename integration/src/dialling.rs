//! A connection from a source port of one's choice.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;

use nftdivert::demo::{User, as_user};
use nftdivert::net::netns::Netns;
use nix::sys::socket::sockopt::{ReceiveTimeout, SendTimeout};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket,
};
use nix::sys::time::TimeVal;

/// Connects from exactly `from` and reads the server's line.
pub fn dial(
    place: &Netns,
    user: User,
    from: SocketAddr,
    to: SocketAddr,
) -> io::Result<(TcpStream, String)> {
    let stream = as_user(place, user, || open(from, to)).unwrap()?;
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    Ok((stream, line))
}

fn open(from: SocketAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let family = if to.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let limit = TimeVal::new(3, 0);
    setsockopt(&socket, SendTimeout, &limit)?;
    setsockopt(&socket, ReceiveTimeout, &limit)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(from))?;
    connect(socket.as_raw_fd(), &SockaddrStorage::from(to))?;
    Ok(TcpStream::from(socket))
}
