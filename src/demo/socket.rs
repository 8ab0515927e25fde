//! Listeners for the demo's servers, and what is done with each connection that comes in.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{IpTransparent, Ipv6V6Only};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::DemoError;
use super::identity::stamp;

const BACKLOG: u32 = 1024;
const AFTER_FAILURE: Duration = Duration::from_millis(10);

/// Whether connections to addresses that are not local are accepted too, as TPROXY needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    Local,
    Any,
}

/// Listens on `address`, for its family alone; what is accepted has the mark too.
pub(super) fn listen(
    address: SocketAddr,
    accepts: Accepts,
    mark: Option<u32>,
) -> Result<TcpListener, DemoError> {
    let socket = open(address).map_err(DemoError::io("open a socket for", address))?;
    stamp(&socket, mark)?;
    socket.set_reuseaddr(true).map_err(DemoError::io("reuse", address))?;
    if address.is_ipv6() {
        setsockopt(&socket, Ipv6V6Only, &true).map_err(DemoError::errno("keep to v6", address))?;
    }
    if accepts == Accepts::Any {
        setsockopt(&socket, IpTransparent, &true)
            .map_err(DemoError::errno("be transparent on", address))?;
    }
    socket.bind(address).map_err(DemoError::io("bind", address))?;
    socket.listen(BACKLOG).map_err(DemoError::io("listen on", address))
}

/// A TCP socket of the address's family.
pub(super) fn open(address: SocketAddr) -> io::Result<TcpSocket> {
    if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}

/// Whether the kernel has no such address family.
pub(super) fn lacks_family(error: &DemoError) -> bool {
    let code = Some(Errno::EAFNOSUPPORT as i32);
    if let DemoError::Io { source, .. } = error { source.raw_os_error() == code } else { false }
}

/// Gives every connection of `listener` to `serve`, each in a task of its own, for ever.
pub(super) async fn accept_each<F, S>(listener: TcpListener, serve: S)
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(TcpStream, SocketAddr) -> F,
{
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => drop(tokio::spawn(serve(stream, peer))),
            Err(error) => {
                tracing::warn!(%error, "demo listener can't accept");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}
