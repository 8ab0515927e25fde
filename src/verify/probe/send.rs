//! Sends what a trial says, and sees what becomes of it.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{Ipv4Ttl, Ipv6Ttl};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use super::check::Trial;
use super::judge::Seen;
use super::listen::datagrams;
use super::token::Token;

/// Enough for what is captured, which stays in the namespace. What is not captured comes no
/// further than the next host, and its error comes back at once.
const HOPS: i32 = 1;
/// Longer than any line of ours.
const LONGEST_LINE: usize = 256;

/// How far a trial has come, for when its time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It was sent.
    Sent,
    /// Somebody has taken the connection.
    Connected,
}

/// Connects, and reads who is there.
pub(super) async fn connection(trial: &Trial, token: &Token, progress: &Cell<Progress>) -> Seen {
    let socket = match socket(trial.to) {
        Ok(socket) => socket,
        Err(error) => return Seen::Error(error),
    };
    if let Some(from) = trial.from
        && let Err(error) = socket.bind(SocketAddr::new(from, 0))
    {
        return Seen::NoSource(error);
    }
    match socket.connect(trial.to).await {
        Ok(stream) => {
            progress.set(Progress::Connected);
            answer(stream, token).await
        }
        Err(error) => failure(error),
    }
}

fn socket(to: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    limit_hops(&socket, to)?;
    Ok(socket)
}

fn limit_hops(socket: &impl std::os::fd::AsFd, to: SocketAddr) -> io::Result<()> {
    match to {
        SocketAddr::V4(_) => setsockopt(socket, Ipv4Ttl, &HOPS)?,
        SocketAddr::V6(_) => setsockopt(socket, Ipv6Ttl, &HOPS)?,
    }
    Ok(())
}

async fn answer(mut stream: TcpStream, token: &Token) -> Seen {
    // A reset leaves nothing behind on the listener's port.
    let _ = stream.set_zero_linger();
    let mut line = Vec::new();
    let mut piece = [0; LONGEST_LINE];
    while line.len() < LONGEST_LINE && line.last() != Some(&b'\n') {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(count) => line.extend_from_slice(piece.get(..count).unwrap_or_default()),
        }
    }
    match token.read(&String::from_utf8_lossy(&line)) {
        Some((port, original)) => Seen::Arrived { port, original: Some(original) },
        None => Seen::Stranger,
    }
}

/// Asks for a name, with the port listened on where the query should come to.
pub(super) async fn query(trial: &Trial, token: &Token, port: u16) -> Seen {
    let listener = match datagrams(trial.family(), port) {
        Ok(listener) => listener,
        Err(error) => return Seen::Deaf { port, error },
    };
    let query = token.query();
    let client = match ask(trial, &query).await {
        Ok(client) => client,
        Err(error) => return failure(error),
    };
    let mut answer = [0; LONGEST_LINE];
    tokio::select! {
        biased;
        arrived = arrival(&listener, &query) => match arrived {
            Ok(()) => Seen::Arrived { port, original: None },
            Err(error) => failure(error),
        },
        answered = client.recv(&mut answer) => match answered {
            Ok(_) => Seen::Stranger,
            Err(error) => failure(error),
        },
    }
}

async fn ask(trial: &Trial, query: &[u8]) -> io::Result<UdpSocket> {
    let client = datagrams(trial.family(), 0)?;
    limit_hops(&client, trial.to)?;
    client.connect(trial.to).await?;
    client.send(query).await?;
    Ok(client)
}

/// Waits for this datagram; others are none of ours.
async fn arrival(listener: &UdpSocket, wanted: &[u8]) -> io::Result<()> {
    let mut datagram = [0; LONGEST_LINE];
    loop {
        let (count, _) = listener.recv_from(&mut datagram).await?;
        if datagram.get(..count) == Some(wanted) {
            return Ok(());
        }
    }
}

fn failure(error: io::Error) -> Seen {
    match error.kind() == io::ErrorKind::ConnectionRefused {
        true => Seen::Refused,
        false => Seen::Error(error),
    }
}
