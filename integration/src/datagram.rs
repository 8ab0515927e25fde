//! Datagrams between namespaces: UDP, and ICMP echo.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::demo::{User, as_user};
use nftdivert::net::netns::Netns;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};

const LIMIT: Duration = Duration::from_secs(2);

/// A UDP socket of `user` in `place`. A program that another test starts holds a copy of every
/// socket until it executes, so that an address may still be taken for a moment.
pub fn udp(place: &Netns, user: User, own: SocketAddr) -> UdpSocket {
    let end = Instant::now() + LIMIT;
    loop {
        let socket = as_user(place, user, || UdpSocket::bind(own)).expect("enter");
        match socket {
            Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < end => {
                sleep(Duration::from_millis(5));
            }
            bound => return with_limit(bound.expect("bind")),
        }
    }
}

/// Any port of any address of this one's family.
pub fn any(like: SocketAddr) -> SocketAddr {
    let any: IpAddr =
        if like.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    SocketAddr::new(any, 0)
}

/// Sends a word from a new socket of `user` in `from` to `to`, where a socket of `server` answers.
///
/// The answer is the sender as the server sees it, and the sender of the server's answer.
pub fn udp_echo(
    (from, user): (&Netns, User),
    server: &Netns,
    to: SocketAddr,
) -> io::Result<(SocketAddr, SocketAddr)> {
    let answering = udp(server, User::APP, to);
    let asking = udp(from, user, any(to));
    asking.connect(to)?;
    asking.send(b"who")?;
    let mut bytes = [0; 16];
    let (_, asker) = answering.recv_from(&mut bytes)?;
    answering.send_to(b"me!", asker)?;
    let (length, answerer) = asking.recv_from(&mut bytes)?;
    assert_eq!(&bytes[..length], b"me!");
    Ok((asker, answerer))
}

/// Asks `to` for an ICMP echo, from `place`.
pub fn ping(place: &Netns, to: IpAddr) -> io::Result<()> {
    // Type, code, sum, identifier, sequence; the kernel makes the sum for IPv6.
    let (family, protocol, packet, reply) = match to {
        IpAddr::V4(_) => {
            let packet = [8, 0, 0xf0, 0x88, 7, 0x77, 0, 0];
            (AddressFamily::Inet, SockProtocol::Icmp, packet, 0)
        }
        IpAddr::V6(_) => {
            let packet = [128, 0, 0, 0, 7, 0x77, 0, 0];
            (AddressFamily::Inet6, SockProtocol::IcmpV6, packet, 129)
        }
    };
    let raw = place.run(|| socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol));
    let socket = with_limit(UdpSocket::from(raw.expect("enter")?));
    socket.send_to(&packet, (to, 0))?;
    let mut bytes = [0; 256];
    loop {
        let (length, from) = socket.recv_from(&mut bytes)?;
        let skipped = if to.is_ipv4() { 20 } else { 0 };
        let heard = &bytes[skipped..length];
        if heard[0] == reply && heard[4..6] == [7, 0x77] {
            assert_eq!(from.ip(), to);
            return Ok(());
        }
    }
}

fn with_limit(socket: UdpSocket) -> UdpSocket {
    socket.set_read_timeout(Some(LIMIT)).expect("a limit");
    socket
}
