//! A pod with name servers: the proxy's, the app's own, and those of the world.

use std::cell::Cell;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::demo::dns::{DNS_PORT, PROXY_DNS_PORT};
use nftdivert::demo::{
    DnsAnswer, Ipv6Support, Member, NameServer, NameServerOptions, ProxyOptions, Query, Transport,
    User,
};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{Fixture, Scene};
use nftdivert_integration::shell::ip;

pub(crate) const BOTH: [Transport; 2] = [Transport::Udp, Transport::Tcp];
const LIMIT: Duration = Duration::from_secs(5);
/// For those whom nobody is to answer.
const SHORT: Duration = Duration::from_millis(300);

/// Those that the pod's resolv.conf names.
pub(crate) fn named() -> [SocketAddr; 2] {
    at(["198.51.100.53", "fd53::53"], DNS_PORT)
}

/// Others of the world.
pub(crate) fn unnamed() -> [SocketAddr; 2] {
    at(["192.0.2.10", "2001:db8::10"], DNS_PORT)
}

/// The app's own server on the loopback addresses.
pub(crate) fn local() -> [SocketAddr; 2] {
    at(["127.0.0.1", "::1"], DNS_PORT)
}

/// The whole of it.
pub(crate) struct Names {
    pub(crate) fixture: Fixture,
    pub(crate) proxy: NameServer,
    pub(crate) world: NameServer,
    _local: NameServer,
    /// Each question has a port of its own: connection tracking remembers those of before.
    next: Cell<u16>,
}

impl Names {
    /// The usual proxy.
    #[track_caller]
    pub(crate) fn new(policy: &str) -> Self {
        Self::with_proxy(policy, User::PROXY)
    }

    /// All sockets of the proxy are this member's.
    #[track_caller]
    pub(crate) fn with_proxy(policy: &str, member: impl Into<Member>) -> Self {
        let member = member.into();
        let proxy = ProxyOptions { member: member.clone(), ..ProxyOptions::default() };
        let fixture = Fixture::start(&Scene { policy, proxy, ..Scene::default() });
        add_named(&fixture.bed.peer);
        let mut options = NameServerOptions::of_world(Ipv6Support::On);
        options.addresses.extend(named());
        let world = NameServer::start(&fixture.bed.peer, options).unwrap();
        let options = NameServerOptions { member, ..NameServerOptions::of_proxy(Ipv6Support::On) };
        let proxy = NameServer::start(&fixture.bed.pod, options).unwrap();
        let local = NameServerOptions {
            member: User::APP.into(),
            name: "local".to_owned(),
            addresses: local().to_vec(),
            upstream: None,
        };
        let local = NameServer::start(&fixture.bed.pod, local).unwrap();
        Self { fixture, proxy, world, _local: local, next: Cell::new(20_000) }
    }

    /// Asks from a port that nobody has asked from.
    fn ask(
        &self,
        user: impl Into<Member>,
        server: SocketAddr,
        by: Transport,
        limit: Duration,
    ) -> Result<DnsAnswer, nftdivert::demo::DemoError> {
        let port = self.next.get();
        self.next.set(port + 1);
        Query::new(user, server, by).source_port(port).within(limit).ask(&self.fixture.bed.pod)
    }

    /// The user's question to `server` is answered by the proxy's name server, and the server and
    /// the proxy's ports see nothing of it.
    #[track_caller]
    pub(crate) fn captured(&self, user: impl Into<Member>, server: SocketAddr, by: Transport) {
        let before = self.counts();
        let answer = self.ask(user, server, by, LIMIT).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer.name, "dns-proxy", "{server} {by:?}");
        assert_eq!(self.counts(), (before.0 + 1, before.1, before.2), "{server} {by:?}");
        let asked = self.proxy.asked().pop().unwrap();
        assert_eq!((asked.transport, asked.local.port()), (by, PROXY_DNS_PORT));
        assert_eq!(asked.peer, answer.peer);
    }

    /// The user's question reaches `server`, and neither side of the proxy sees anything of it.
    #[track_caller]
    pub(crate) fn direct(&self, user: impl Into<Member>, server: SocketAddr, by: Transport) {
        let (before, from) = (self.counts(), self.next.get());
        let answer = self.ask(user, server, by, LIMIT).unwrap_or_else(|error| panic!("{error}"));
        let is_local = server.ip().is_loopback();
        let name = if is_local { "local" } else { "resolver" };
        let heard = (answer.name.as_str(), answer.peer.port());
        assert_eq!(heard, (name, from), "{server} {by:?}");
        let outside = before.1 + usize::from(!is_local);
        assert_eq!(self.counts(), (before.0, outside, before.2), "{server} {by:?}");
    }

    /// The user's question over TCP reaches `server` through the proxy's outbound port.
    #[track_caller]
    pub(crate) fn relayed(&self, user: impl Into<Member>, server: SocketAddr) {
        let before = self.counts();
        let answer = self.ask(user, server, Transport::Tcp, LIMIT).unwrap();
        assert_eq!(answer.name, "resolver", "{server}");
        assert_eq!(self.counts(), (before.0, before.1 + 1, before.2 + 1), "{server}");
        assert_eq!(self.fixture.proxy.seen().pop().unwrap().original, server);
    }

    /// The user's question is answered by nobody.
    #[track_caller]
    pub(crate) fn refused(&self, user: impl Into<Member>, server: SocketAddr, by: Transport) {
        let before = self.counts();
        let answer = self.ask(user, server, by, SHORT);
        assert!(answer.is_err(), "{server} {by:?}: {answer:?}");
        assert_eq!(self.counts(), before, "{server} {by:?}");
    }

    /// Questions and connections so far: to the proxy's name server, the world's, the proxy.
    fn counts(&self) -> (usize, usize, usize) {
        (self.proxy.asked().len(), self.world.asked().len(), self.fixture.proxy.seen().len())
    }
}

/// Gives the peer the addresses of the pod's name servers. One of IPv6 is local a moment after it
/// can be bound, even without duplicate address detection (6.18).
#[track_caller]
fn add_named(peer: &Netns) {
    ip(peer, "address add 198.51.100.53/32 dev lo");
    ip(peer, "address add fd53::53/128 dev lo nodad");
    let limit = Instant::now() + LIMIT;
    while !ip(peer, "-6 route show table local").contains("fd53::53 ") {
        assert!(Instant::now() < limit, "fd53::53 does not become local");
        sleep(Duration::from_millis(1));
    }
}
