//! Name servers that say who they are and who asked, and clients that ask them.

mod client;
mod message;
mod server;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use super::bed::{EXCLUDED_V4, EXCLUDED_V6, Ipv6Support, PEER_V4, PEER_V6, WORLD_V4, WORLD_V6};
use super::worker::Worker;
use super::{DemoError, Member, User};
use crate::net::netns::Netns;

pub use client::{Query, resolve};

/// The port of name servers.
pub const DNS_PORT: u16 = 53;
/// The port on which a proxy takes captured questions.
pub const PROXY_DNS_PORT: u16 = 15053;

/// What carries a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram, answered by one.
    Udp,
    /// A connection of its own.
    Tcp,
}

/// What a name server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    /// The server's name.
    pub name: String,
    /// The asker as the server sees it.
    pub peer: SocketAddr,
    /// What its own upstream server said to it, if it asked one.
    pub upstream: Option<Box<Self>>,
}

impl DnsAnswer {
    fn read(texts: &[String]) -> Option<Self> {
        let (first, rest) = texts.split_first()?;
        let (name, peer) = first.rsplit_once(' ')?;
        let upstream = if rest.is_empty() { None } else { Some(Box::new(Self::read(rest)?)) };
        Some(Self { name: name.to_owned(), peer: peer.parse().ok()?, upstream })
    }

    fn written(&self) -> Vec<String> {
        let upstream = self.upstream.iter().flat_map(|upstream| upstream.written());
        [format!("{} {}", self.name, self.peer)].into_iter().chain(upstream).collect()
    }
}

/// One question that came to a name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How it came.
    pub transport: Transport,
    /// Who asked.
    pub peer: SocketAddr,
    /// Where it arrived.
    pub local: SocketAddr,
}

/// How a name server is set up.
#[derive(Clone, Debug)]
pub struct NameServerOptions {
    /// Whose its sockets are.
    pub member: Member,
    /// What it calls itself; at most 200 bytes.
    pub name: String,
    /// Where it listens, over UDP and TCP. Answers come from the address that was asked only if
    /// that is given here: a wildcard's come from any.
    pub addresses: Vec<SocketAddr>,
    /// Whom it asks itself, as its member and over the same transport, before it answers; what was
    /// said is part of the answer.
    pub upstream: Option<SocketAddr>,
}

impl NameServerOptions {
    /// The proxy's, called `dns-proxy`: on port 15053 of the loopback addresses.
    pub fn of_proxy(ipv6: Ipv6Support) -> Self {
        let local = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let addresses = at(&local, PROXY_DNS_PORT, ipv6);
        Self { member: User::PROXY.into(), name: "dns-proxy".to_owned(), addresses, upstream: None }
    }

    /// The world's, called `resolver`: on port 53 of all addresses of the peer.
    pub fn of_world(ipv6: Ipv6Support) -> Self {
        let v4 = [WORLD_V4, EXCLUDED_V4, PEER_V4].map(IpAddr::V4);
        let v6 = [WORLD_V6, EXCLUDED_V6, PEER_V6].map(IpAddr::V6);
        let addresses = at(&[v4, v6].concat(), DNS_PORT, ipv6);
        Self { member: User::ROOT.into(), name: "resolver".to_owned(), addresses, upstream: None }
    }
}

fn at(addresses: &[IpAddr], port: u16, ipv6: Ipv6Support) -> Vec<SocketAddr> {
    let there = addresses.iter().filter(|ip| ip.is_ipv4() || ipv6 == Ipv6Support::On);
    there.map(|&ip| SocketAddr::new(ip, port)).collect()
}

/// A running name server; dropping it stops it.
#[derive(Debug)]
pub struct NameServer {
    asked: Arc<Mutex<Vec<Asked>>>,
    _worker: Worker,
}

impl NameServer {
    /// Starts it in `place`. It listens when this returns.
    ///
    /// # Errors
    /// An address is not there or is taken, or the caller may not act as the member.
    pub fn start(place: &Netns, options: NameServerOptions) -> Result<Self, DemoError> {
        let asked = Arc::new(Mutex::default());
        let (member, list) = (options.member.clone(), Arc::clone(&asked));
        let start = move || server::Service { options, asked: list }.start();
        let (worker, ()) = Worker::start(place, member, "demo-dns", start)?;
        Ok(Self { asked, _worker: worker })
    }

    /// The questions that came so far. One that is answered is in it already.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
