//! One captured connection: asks the kernel where it was going, goes there, copies both ways.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{IpTransparent, Mark};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::proxy::{Direction, Outcome, Seen};
use super::socket::open;
use crate::net::original::original_destination;

const DIAL_LIMIT: Duration = Duration::from_secs(2);

/// How the connections of one listener are passed on.
#[derive(Clone)]
pub(super) struct Relay {
    pub(super) direction: Direction,
    /// The listener's own port.
    pub(super) port: u16,
    pub(super) source: Source,
    /// The mark of the sockets that dial.
    pub(super) mark: Option<u32>,
    pub(super) seen: Arc<Mutex<Vec<Seen>>>,
}

/// From where the destination is dialled.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// The address that the kernel chooses.
    Usual,
    /// This one.
    Address(IpAddr),
    /// That of the client, with this mark instead of the usual one.
    Client { mark: u32 },
}

impl Relay {
    /// Serves `client` until either side is done.
    pub(super) async fn take(self, mut client: TcpStream, peer: SocketAddr) {
        let (original, local) = match destinations(&client) {
            Ok(found) => found,
            Err(error) => return tracing::warn!(%error, %peer, "no original destination"),
        };
        let note = |outcome| {
            let (direction, at) = (self.direction, Instant::now());
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(Seen { direction, peer, original, outcome, at });
        };
        // TPROXY leaves the destination as it was too, but then the port is another one.
        if original == local && local.port() == self.port {
            note(Outcome::Direct);
            return reset(client);
        }
        match self.dial(peer.ip(), original).await {
            Ok(mut server) => {
                note(Outcome::Forwarded);
                if let Err(error) = copy(&mut client, &mut server).await {
                    tracing::debug!(%error, %peer, %original, "captured connection broke");
                }
            }
            Err(error) => {
                note(Outcome::Failed(error.kind()));
                reset(client);
            }
        }
    }

    async fn dial(&self, client: IpAddr, original: SocketAddr) -> io::Result<TcpStream> {
        let socket = open(original)?;
        let (source, mark) = match self.source {
            Source::Usual => (None, self.mark),
            Source::Address(address) => (Some(address), self.mark),
            Source::Client { mark } => {
                // Without it no address of somebody else can be bound.
                setsockopt(&socket, IpTransparent, &true)?;
                (Some(client), Some(mark))
            }
        };
        if let Some(mark) = mark {
            setsockopt(&socket, Mark, &mark)?;
        }
        if let Some(source) = source {
            socket.bind(SocketAddr::new(source, 0))?;
        }
        timeout(DIAL_LIMIT, socket.connect(original)).await?
    }
}

async fn copy(client: &mut TcpStream, server: &mut TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    copy_bidirectional(client, server).await.map(drop)
}

/// Where the connection was going when it left its client, and where it arrived.
fn destinations(client: &TcpStream) -> io::Result<(SocketAddr, SocketAddr)> {
    let local = client.local_addr()?;
    Ok((original_destination(client, local)?, local))
}

fn reset(client: TcpStream) {
    if let Err(error) = client.set_zero_linger() {
        tracing::debug!(%error, "demo client is closed without a reset");
    }
    drop(client);
}
