//! TCP segments made by hand, sent by a raw socket.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use nftdivert::demo::{User, as_user};
use nftdivert::net::netns::Netns;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, SockaddrIn6, bind,
    sendto, socket,
};

const ACK: u8 = 0x10;

/// Sends an ACK that belongs to no connection.
pub fn stray_ack(place: &Netns, user: User, from: SocketAddr, to: SocketAddr, options: &[u8]) {
    let bytes = segment(from, to, options);
    as_user(place, user, || send(from.ip(), to.ip(), &bytes)).unwrap();
}

fn send(from: IpAddr, to: IpAddr, bytes: &[u8]) {
    let raw = |family| socket(family, SockType::Raw, SockFlag::empty(), SockProtocol::Tcp).unwrap();
    let sent = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let socket = raw(AddressFamily::Inet);
            bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0))).unwrap();
            let to = SockaddrIn::from(SocketAddrV4::new(to, 0));
            sendto(socket.as_raw_fd(), bytes, &to, MsgFlags::empty())
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let socket = raw(AddressFamily::Inet6);
            bind(socket.as_raw_fd(), &SockaddrIn6::from(SocketAddrV6::new(from, 0, 0, 0))).unwrap();
            let to = SockaddrIn6::from(SocketAddrV6::new(to, 0, 0, 0));
            sendto(socket.as_raw_fd(), bytes, &to, MsgFlags::empty())
        }
        _ => panic!("two families"),
    };
    assert_eq!(sent.unwrap(), bytes.len());
}

fn segment(from: SocketAddr, to: SocketAddr, options: &[u8]) -> Vec<u8> {
    assert!(options.len().is_multiple_of(4) && options.len() <= 40);
    let mut bytes = Vec::from(from.port().to_be_bytes());
    bytes.extend(to.port().to_be_bytes());
    bytes.extend(1_000_000_u32.to_be_bytes());
    bytes.extend(2_000_000_u32.to_be_bytes());
    let words = u8::try_from(5 + options.len() / 4).unwrap();
    bytes.extend([words << 4, ACK]);
    bytes.extend(64_000_u16.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(options);
    let sum = checksum(from.ip(), to.ip(), &bytes);
    bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// The Internet checksum over the pseudo header and the segment (RFC 9293, RFC 8200).
fn checksum(from: IpAddr, to: IpAddr, segment: &[u8]) -> u16 {
    let mut bytes = Vec::new();
    for address in [from, to] {
        match address {
            IpAddr::V4(v4) => bytes.extend(v4.octets()),
            IpAddr::V6(v6) => bytes.extend(v6.octets()),
        }
    }
    bytes.extend([0, 6]);
    bytes.extend(u16::try_from(segment.len()).unwrap().to_be_bytes());
    bytes.extend(segment);
    let pairs = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    let sum: u32 = pairs.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap()
}

#[test]
fn a_checksum_of_a_known_segment() {
    let from = "127.0.0.1:1".parse().unwrap();
    let bytes = segment(from, "127.0.0.1:2".parse().unwrap(), &[]);
    let mut whole = vec![127, 0, 0, 1, 127, 0, 0, 1, 0, 6, 0, 20];
    whole.extend(&bytes);
    let sum: u32 = whole.chunks(2).map(|p| u32::from(p[0]) << 8 | u32::from(p[1])).sum();
    assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
}
