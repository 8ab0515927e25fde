//! Connections listed and ended from outside, as their own ends feel it.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use nftdivert::demo::{User, as_user};
use nftdivert::net::netns::Netns;
use nftdivert::net::sockets::{Destroyed, LiveSocket, can_destroy, destroy, live};
use nftdivert::netlink::{Connection, Family};
use nftdivert_integration::shell::program;
use nix::sys::socket::{setsockopt, sockopt};

use crate::routing::space;

const LIMIT: Duration = Duration::from_secs(2);
const ESTABLISHED: u8 = 1;
const CLOSE_WAIT: u8 = 8;
const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
const ANY_V6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Where servers listen, and where clients reach them.
const PLACES: [(IpAddr, IpAddr); 3] = [(V4, V4), (V6, V6), (ANY_V6, V4)];

/// A connection with both its ends.
struct Pair {
    client: TcpStream,
    server: TcpStream,
}

impl Pair {
    fn new(listener: &TcpListener, at: IpAddr) -> Self {
        let to = SocketAddr::new(at, listener.local_addr().unwrap().port());
        let client = TcpStream::connect_timeout(&to, LIMIT).unwrap();
        let (server, _) = listener.accept().unwrap();
        for end in [&client, &server] {
            end.set_read_timeout(Some(LIMIT)).unwrap();
        }
        Self { client, server }
    }

    fn works(&mut self) {
        for (from, to) in [(&self.client, &self.server), (&self.server, &self.client)] {
            let (mut from, mut to, mut bytes) = (from, to, [0; 4]);
            from.write_all(b"echo").unwrap();
            to.read_exact(&mut bytes).unwrap();
            assert_eq!(&bytes, b"echo");
        }
    }
}

fn in_space<T: Send>(job: impl FnOnce(&Netns, &mut Connection) -> T + Send) -> T {
    let space = space();
    space.run(|| job(&space, &mut Connection::open(Family::SockDiag).unwrap())).unwrap()
}

/// The socket of this end of a connection.
#[track_caller]
fn find(connection: &mut Connection, end: &TcpStream) -> LiveSocket {
    let plain = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let (local, remote) = (end.local_addr().unwrap(), end.peer_addr().unwrap());
    let mut all = live(connection).unwrap();
    all.retain(|s| (s.local, s.remote) == (plain(local), plain(remote)));
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn end_of(mut stream: &TcpStream) -> ErrorKind {
    stream.read(&mut [0]).unwrap_err().kind()
}

#[test]
fn a_destroyed_client_is_told_and_everything_else_goes_on() {
    for (listens, at) in PLACES {
        in_space(|_, connection| {
            let listener = TcpListener::bind((listens, 0)).unwrap();
            let (one, mut other) = (Pair::new(&listener, at), Pair::new(&listener, at));
            assert_eq!(live(connection).unwrap().len(), 4, "the listener is no connection");
            let target = find(connection, &one.client);
            assert_eq!(target.state, ESTABLISHED);
            assert_eq!(destroy(connection, &target).unwrap(), Destroyed::Yes);
            assert_eq!(end_of(&one.client), ErrorKind::ConnectionAborted, "{at}");
            assert_eq!(end_of(&one.server), ErrorKind::ConnectionReset, "{at}");
            assert_eq!(destroy(connection, &target).unwrap(), Destroyed::Gone);
            other.works();
            Pair::new(&listener, at).works();
        });
    }
}

#[test]
fn a_destroyed_server_side_leaves_its_listener() {
    for (listens, at) in PLACES {
        in_space(|_, connection| {
            let listener = TcpListener::bind((listens, 0)).unwrap();
            let (one, mut other) = (Pair::new(&listener, at), Pair::new(&listener, at));
            let target = find(connection, &one.server);
            assert_eq!(destroy(connection, &target).unwrap(), Destroyed::Yes);
            assert_eq!(end_of(&one.server), ErrorKind::ConnectionAborted);
            assert_eq!(end_of(&one.client), ErrorKind::ConnectionReset);
            // What is looked up now finds the listener, but for the cookie.
            assert_eq!(destroy(connection, &target).unwrap(), Destroyed::Gone);
            other.works();
            Pair::new(&listener, at).works();
        });
    }
}

#[test]
fn a_later_connection_of_the_same_addresses_is_another_one() {
    in_space(|_, connection| {
        let listener = TcpListener::bind((V4, 0)).unwrap();
        let first = Pair::new(&listener, V4);
        let target = find(connection, &first.server);
        let (from, to) = (first.client.local_addr().unwrap(), listener.local_addr().unwrap());
        // With an RST both ends are gone at once.
        let now = nix::libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&first.client, sockopt::Linger, &now).unwrap();
        drop(first);
        let client = dial_from(from, to);
        let (server, _) = listener.accept().unwrap();
        assert_eq!(server.peer_addr().unwrap(), from);
        assert_eq!(destroy(connection, &target).unwrap(), Destroyed::Gone);
        Pair { client, server }.works();
    });
}

fn dial_from(from: SocketAddr, to: SocketAddr) -> TcpStream {
    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, socket,
    };
    use std::os::fd::AsRawFd;
    let (kind, flags) = (SockType::Stream, SockFlag::SOCK_CLOEXEC);
    let socket = socket(AddressFamily::Inet, kind, flags, None).unwrap();
    setsockopt(&socket, sockopt::ReuseAddr, &true).unwrap();
    bind(socket.as_raw_fd(), &SockaddrStorage::from(from)).unwrap();
    connect(socket.as_raw_fd(), &SockaddrStorage::from(to)).unwrap();
    socket.into()
}

#[test]
fn what_only_waits_for_its_time_is_not_listed() {
    in_space(|space, connection| {
        let listener = TcpListener::bind((V6, 0)).unwrap();
        let pair = Pair::new(&listener, V6);
        drop(pair.client);
        // The kernel keeps a closed socket in FIN_WAIT2 as it keeps those in TIME_WAIT.
        wait_for(space, "fin-wait-2");
        let states: Vec<u8> = live(connection).unwrap().iter().map(|s| s.state).collect();
        assert_eq!(states, [CLOSE_WAIT]);
        drop(pair.server);
        wait_for(space, "time-wait");
        assert_eq!(live(connection).unwrap(), []);
    });
}

fn wait_for(space: &Netns, state: &str) {
    let shown = || program(space, &["ss", "-Htan", "state", state], "").lines().count();
    for _ in 0..200 {
        if shown() == 1 {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no socket in {state}");
}

#[test]
fn a_connection_that_is_being_opened_is_listed_and_destroyed() {
    in_space(|_, connection| {
        // A full backlog answers no SYN.
        let listener = TcpListener::bind((V4, 0)).unwrap();
        nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
        let to = listener.local_addr().unwrap();
        let _first = TcpStream::connect(to).unwrap();
        let dialling = std::thread::spawn(move || TcpStream::connect(to));
        let opening = |s: &LiveSocket| s.state == 2 && s.remote == to;
        let mut tries = 0;
        let target = loop {
            tries += 1;
            assert!(tries < 200, "no connection is being opened");
            std::thread::sleep(Duration::from_millis(10));
            let found = live(connection).unwrap().into_iter().find(opening);
            if let Some(found) = found {
                break found;
            }
        };
        assert_eq!(destroy(connection, &target).unwrap(), Destroyed::Yes);
        let error = dialling.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    });
}

#[test]
fn the_owner_is_told() {
    in_space(|space, connection| {
        let listener = TcpListener::bind((V4, 0)).unwrap();
        let to = listener.local_addr().unwrap();
        let client = as_user(space, User::APP, || TcpStream::connect(to)).unwrap().unwrap();
        let _server = listener.accept().unwrap();
        assert_eq!(find(connection, &client).uid, User::APP.uid);
    });
}

#[test]
fn connections_of_other_namespaces_are_not_seen() {
    let (one, other) = (space(), space());
    let in_other = || {
        let listener = TcpListener::bind((V4, 0)).unwrap();
        Pair::new(&listener, V4)
    };
    let _pair = other.run(in_other).unwrap();
    let list = || live(&mut Connection::open(Family::SockDiag).unwrap()).unwrap();
    assert_eq!((one.run(list).unwrap().len(), other.run(list).unwrap().len()), (0, 2));
}

#[test]
fn the_probe_says_yes_and_a_lack_of_privilege_shows_when_it_is_done() {
    const INSIDE: &str = "NFTDIVERT_TEST_WITHOUT_NET_ADMIN";
    const NAME: &str = "sockets::the_probe_says_yes_and_a_lack_of_privilege_shows_when_it_is_done";
    if std::env::var_os(INSIDE).is_none() {
        assert!(in_space(|_, connection| can_destroy(connection)).unwrap());
        let own = std::env::current_exe().unwrap();
        let inside = format!("{INSIDE}=1");
        let drop = "--bounding-set=-net_admin";
        let words = ["setpriv", drop, "env", &inside, own.to_str().unwrap(), "--exact", NAME];
        let said = program(&space(), &words, "");
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    let connection = &mut Connection::open(Family::SockDiag).unwrap();
    assert!(can_destroy(connection).unwrap());
    let listener = TcpListener::bind((V4, 0)).unwrap();
    let mut pair = Pair::new(&listener, V4);
    let target = find(connection, &pair.client);
    let error = destroy(connection, &target).unwrap_err();
    assert_eq!(error.errno(), Some(nix::libc::EPERM), "{error}");
    pair.works();
}
