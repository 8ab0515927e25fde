//! Sockets without an owner: what the kernel answers before a connection is accepted, and what it
//! still sends when a socket has been closed. No rule that asks for an owner matches these packets.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use nftdivert::demo::{Bed, BedOptions, User, as_user};
use nftdivert_integration::fixture::put;
use nix::sys::socket::sockopt::{IpTransparent, Ipv6V6Only};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket,
};

use crate::harness::{STEERING, pod, policy};

/// More than fits into the buffers of one end.
const MUCH: usize = 4_000_000;

/// The proxy's inbound listener, of this one's family, from a time when capture is in force.
fn listener(bed: &Bed, like: SocketAddr) -> TcpListener {
    let (family, any) = match like {
        SocketAddr::V4(_) => {
            (AddressFamily::Inet, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 15006)))
        }
        SocketAddr::V6(_) => (AddressFamily::Inet6, (Ipv6Addr::UNSPECIFIED, 15006).into()),
    };
    let open = || {
        let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        if like.is_ipv6() {
            setsockopt(&socket, Ipv6V6Only, &true).unwrap();
        }
        setsockopt(&socket, IpTransparent, &true).unwrap();
        bind(std::os::fd::AsRawFd::as_raw_fd(&socket), &SockaddrStorage::from(any)).unwrap();
        listen(&socket, Backlog::new(8).unwrap()).unwrap();
        TcpListener::from(socket)
    };
    as_user(&bed.pod, User::PROXY, open).unwrap()
}

fn dial(bed: &Bed, to: SocketAddr) -> TcpStream {
    let stream = bed.peer.run(|| TcpStream::connect(to)).unwrap().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

/// A namespace in which nothing lived when capture began.
fn each(job: impl Fn(&Bed, TcpListener, SocketAddr)) {
    for mode in STEERING {
        let bed = Bed::new(BedOptions::default()).unwrap();
        put(&bed.pod, &policy(mode, "", "")).unwrap();
        for to in pod(8080) {
            println!("{mode} {to}");
            job(&bed, listener(&bed, to), to);
        }
    }
}

#[test]
fn a_client_may_speak_before_it_is_accepted() {
    each(|bed, listener, to| {
        let mut client = dial(bed, to);
        client.write_all(b"before").unwrap();
        sleep(Duration::from_millis(100));
        client.write_all(b" you").unwrap();
        let (mut server, _) = listener.accept().unwrap();
        assert_eq!(server.local_addr().unwrap(), to);
        let mut heard = [0; 10];
        server.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"before you");
    });
}

#[test]
fn a_closed_socket_sends_all_that_was_written() {
    each(|bed, listener, to| {
        let mut client = dial(bed, to);
        let (mut server, _) = listener.accept().unwrap();
        let writer = std::thread::spawn(move || server.write_all(&vec![7; MUCH]));
        sleep(Duration::from_millis(50));
        let mut read = Vec::new();
        client.read_to_end(&mut read).unwrap();
        assert_eq!(read.len(), MUCH);
        writer.join().unwrap().unwrap();
    });
}
