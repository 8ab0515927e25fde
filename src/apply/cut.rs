//! Ends connections that would hang, because removal takes away what their packets need.

use crate::net::sockets::{self, LiveSocket};
use crate::netlink::{Connection, Family, NetlinkError};

use super::undo::Undo;

/// Ends what the proxy dialled the app with, where the other end's answers would not come any more.
/// The proxy is told at once, and ends the client's connection; else both would wait for minutes.
/// What was redirected needs no help: the kernel resets it.
pub(super) fn cut(undo: &[Undo]) -> Result<(), NetlinkError> {
    let is_steered = undo.iter().any(|undo| matches!(undo, Undo::MarkRoute(_)));
    if !is_steered {
        return Ok(());
    }
    let mut connection = Connection::open(Family::SockDiag)?;
    for socket in sockets::live(&mut connection)? {
        if undo.iter().any(|undo| needs(&socket, *undo)) {
            sockets::destroy(&mut connection, &socket)?;
        }
    }
    Ok(())
}

fn needs(socket: &LiveSocket, undo: Undo) -> bool {
    match undo {
        Undo::MarkRoute(route) => socket.mark == route.mark,
        Undo::LoopbackAddress(ip) => socket.local.ip() == ip,
        Undo::TcpLoose(_) | Undo::KeepMarks(..) => false,
    }
}
