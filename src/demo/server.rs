//! A server that tells every client who answers, then says back what it hears.

use std::net::SocketAddr;

use tokio::io::{AsyncWriteExt, copy};
use tokio::net::TcpStream;

use super::socket::{Accepts, accept_each, listen};
use super::worker::Worker;
use super::{DemoError, Member};
use crate::net::netns::Netns;

/// A running server: `NAME PEER LOCAL` and a newline to every connection, then an echo.
///
/// Dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct EchoServer {
    addresses: Vec<SocketAddr>,
    _worker: Worker,
}

impl EchoServer {
    /// Starts a server called `name` in `place`, as `member`, which listens on all of `addresses`
    /// when this returns. Port 0 takes a free one. A name has no newline in it.
    pub fn start(
        place: &Netns,
        member: impl Into<Member>,
        name: &str,
        addresses: &[SocketAddr],
    ) -> Result<Self, DemoError> {
        let (own, wanted, member) = (name.to_owned(), addresses.to_vec(), member.into());
        let mark = member.mark;
        let serve = move || serve(&own, &wanted, mark);
        let (worker, addresses) = Worker::start(place, member, "demo-server", serve)?;
        Ok(Self { addresses, _worker: worker })
    }

    /// The addresses it listens on, with their real ports, in the order they were given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

fn serve(
    name: &str,
    wanted: &[SocketAddr],
    mark: Option<u32>,
) -> Result<Vec<SocketAddr>, DemoError> {
    let mut taken = Vec::new();
    for &address in wanted {
        let listener = listen(address, Accepts::Local, mark)?;
        taken.push(listener.local_addr().map_err(DemoError::io("read the address of", address))?);
        let name = name.to_owned();
        tokio::spawn(accept_each(listener, move |stream, peer| {
            let name = name.clone();
            async move {
                if let Err(error) = converse(&name, stream, peer).await {
                    tracing::debug!(%error, %peer, "demo client left");
                }
            }
        }));
    }
    Ok(taken)
}

async fn converse(name: &str, mut stream: TcpStream, peer: SocketAddr) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let line = format!("{name} {peer} {}\n", stream.local_addr()?);
    stream.write_all(line.as_bytes()).await?;
    let (mut heard, mut said) = stream.split();
    copy(&mut heard, &mut said).await?;
    said.shutdown().await
}
