//! Clients that connect again and again, and count which of their connections the proxy missed.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nftdivert::demo::bed::{POD_V4, POD_V6, WORLD_V4, WORLD_V6};
use nftdivert::demo::{Bed, Direction, User, as_user};
use nftdivert::net::netns::Netns;

const LIMIT: Duration = Duration::from_secs(3);

/// A direction and a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Out of the pod, or into it.
    pub direction: Direction,
    /// Where it goes.
    pub to: SocketAddr,
}

/// Both directions in both families.
pub fn ways() -> [Way; 4] {
    let (world, app) = ((WORLD_V4, WORLD_V6), (POD_V4, POD_V6));
    [
        Way { direction: Direction::Outbound, to: (world.0, 80).into() },
        Way { direction: Direction::Outbound, to: (world.1, 80).into() },
        Way { direction: Direction::Inbound, to: (app.0, 8080).into() },
        Way { direction: Direction::Inbound, to: (app.1, 8080).into() },
    ]
}

impl Way {
    /// Where clients of this way are, and as whom.
    pub fn client(self, bed: &Bed) -> (&Netns, User) {
        match self.direction {
            Direction::Outbound => (&bed.pod, User::APP),
            Direction::Inbound => (&bed.peer, User::ROOT),
        }
    }
}

/// What became of the connections of all clients.
#[derive(Debug, Default)]
pub struct Tally {
    /// Went through the proxy and were answered.
    pub made: AtomicUsize,
    /// Were answered by the server itself.
    pub slipped: AtomicUsize,
    /// Were not answered: by reason.
    pub failed: Mutex<Vec<String>>,
}

impl Tally {
    /// Connections so far: through the proxy, past it, without an answer.
    pub fn counts(&self) -> (usize, usize, usize) {
        let failed = self.failed.lock().expect("no panic").len();
        (self.made.load(Ordering::Relaxed), self.slipped.load(Ordering::Relaxed), failed)
    }
}

/// Connects as fast as it can for as long as `before_each` gives something, which it holds
/// meanwhile.
pub fn knock<T>(bed: &Bed, way: Way, tally: &Tally, before_each: impl Fn() -> Option<T> + Sync) {
    let (place, user) = way.client(bed);
    let job = || {
        while let Some(_held) = before_each() {
            match is_past_the_proxy(way.to) {
                Ok(true) => drop(tally.slipped.fetch_add(1, Ordering::Relaxed)),
                Ok(false) => drop(tally.made.fetch_add(1, Ordering::Relaxed)),
                Err(error) => {
                    tally.failed.lock().expect("no panic").push(format!("{way:?}: {error}"));
                }
            }
        }
    };
    as_user(place, user, job).expect("the client's thread");
}

/// Whether the server sees the client itself.
fn is_past_the_proxy(to: SocketAddr) -> std::io::Result<bool> {
    let stream = TcpStream::connect_timeout(&to, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    let peer = line.split(' ').nth(1).and_then(|peer| peer.parse().ok());
    let peer: SocketAddr = peer.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok(peer == stream.local_addr()?)
}
