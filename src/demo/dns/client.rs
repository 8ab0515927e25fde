//! Asks a name server who it is, in any namespace, as any member, over UDP or TCP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::message::{question, texts};
use super::{DnsAnswer, Transport};
use crate::demo::identity::stamp;
use crate::demo::socket::open;
use crate::demo::worker::runtime;
use crate::demo::{DemoError, Member, as_user};
use crate::net::netns::Netns;

/// The longest answer that is read.
const LONGEST: usize = 1232;
const USUAL_LIMIT: Duration = Duration::from_secs(2);

/// A question to be asked.
#[derive(Clone, Debug)]
pub struct Query {
    member: Member,
    route: Route,
    limit: Duration,
}

/// The sockets of a question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) server: SocketAddr,
    pub(super) transport: Transport,
    /// The port that it comes from; 0 is any free one.
    pub(super) source_port: u16,
    pub(super) mark: Option<u32>,
}

impl Query {
    /// A question of `member` to `server`, with two seconds for the answer.
    pub fn new(member: impl Into<Member>, server: SocketAddr, transport: Transport) -> Self {
        let member = member.into();
        let route = Route { server, transport, source_port: 0, mark: member.mark };
        Self { member, route, limit: USUAL_LIMIT }
    }

    /// The same from this port.
    pub const fn source_port(mut self, port: u16) -> Self {
        self.route.source_port = port;
        self
    }

    /// The same with this much time for the answer.
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Asks in `place` and waits for the answer; then the socket is closed.
    ///
    /// # Errors
    /// Nobody answered in time, or something that is no answer; the port is refused or taken; the
    /// caller may not act as the member.
    pub fn ask(&self, place: &Netns) -> Result<DnsAnswer, DemoError> {
        let (route, limit) = (self.route, self.limit);
        as_user(place, self.member.clone(), || runtime()?.block_on(route.ask(limit)))?
    }
}

/// Asks `server` in `place` as `member`, within two seconds.
///
/// # Errors
/// As [`Query::ask`].
pub fn resolve(
    place: &Netns,
    member: impl Into<Member>,
    server: SocketAddr,
    transport: Transport,
) -> Result<DnsAnswer, DemoError> {
    Query::new(member, server, transport).ask(place)
}

impl Route {
    pub(super) async fn ask(self, limit: Duration) -> Result<DnsAnswer, DemoError> {
        static NEXT: AtomicU16 = AtomicU16::new(1);
        let (id, server) = (NEXT.fetch_add(1, Ordering::Relaxed), self.server);
        let exchange = async {
            match self.transport {
                Transport::Udp => self.over_udp(id).await,
                Transport::Tcp => self.over_tcp(id).await,
            }
        };
        let heard = timeout(limit, exchange).await.unwrap_or_else(|_| {
            Err(DemoError::TimedOut { operation: "ask", object: server.to_string(), limit })
        })?;
        let answer = texts(&heard, id).and_then(|texts| DnsAnswer::read(&texts));
        answer.ok_or_else(|| {
            let text = String::from_utf8_lossy(&heard).into_owned();
            DemoError::Answer { object: server.to_string(), text }
        })
    }

    async fn over_udp(&self, id: u16) -> Result<Vec<u8>, DemoError> {
        let own = self.own();
        let socket = UdpSocket::bind(own).map_err(DemoError::io("bind", own))?;
        stamp(&socket, self.mark)?;
        let exchange = async {
            socket.set_nonblocking(true)?;
            let socket = tokio::net::UdpSocket::from_std(socket)?;
            // What comes from another address than the server's is not heard then.
            socket.connect(self.server).await?;
            socket.send(&question(id)).await?;
            let mut heard = vec![0; LONGEST];
            let length = socket.recv(&mut heard).await?;
            heard.truncate(length);
            Ok(heard)
        };
        exchange.await.map_err(DemoError::io("ask over UDP", self.server))
    }

    async fn over_tcp(&self, id: u16) -> Result<Vec<u8>, DemoError> {
        let own = self.own();
        let socket = open(self.server).map_err(DemoError::io("open a socket for", self.server))?;
        stamp(&socket, self.mark)?;
        socket.set_reuseaddr(true).map_err(DemoError::io("reuse", own))?;
        socket.bind(own).map_err(DemoError::io("bind", own))?;
        let exchange = async {
            let mut stream = socket.connect(self.server).await?;
            stream.write_all(&framed(&question(id))?).await?;
            let mut heard = vec![0; stream.read_u16().await?.into()];
            stream.read_exact(&mut heard).await?;
            Ok(heard)
        };
        exchange.await.map_err(DemoError::io("ask over TCP", self.server))
    }

    fn own(&self) -> SocketAddr {
        let any: IpAddr = match self.server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        SocketAddr::new(any, self.source_port)
    }
}

/// A message as TCP carries it, its length before it.
pub(super) fn framed(message: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    Ok([&length.to_be_bytes(), message].concat())
}
