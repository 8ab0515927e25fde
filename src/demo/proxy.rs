//! A transparent proxy: takes redirected connections on two ports and remembers each of them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::relay::{Relay, Source};
use super::socket::{Accepts, accept_each, lacks_family, listen};
use super::worker::Worker;
use super::{DemoError, Member, User};
use crate::net::netns::Netns;

/// How a proxy is set up.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// Whose its sockets are; all of them have the mark, the accepted ones too.
    pub member: Member,
    /// Where captured outgoing connections come.
    pub outbound_port: u16,
    /// Where captured incoming connections come.
    pub inbound_port: u16,
    /// The IPv4 address from which it dials the app.
    pub passthrough_v4: Ipv4Addr,
    /// The IPv6 address from which it dials the app.
    pub passthrough_v6: Ipv6Addr,
    /// Whether the inbound port also takes connections that TPROXY steers to it.
    pub transparent: bool,
    /// How the app sees captured incoming connections.
    pub app_source: AppSource,
}

/// The source address of the proxy's connections to the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppSource {
    /// The proxy's own: the passthrough address.
    #[default]
    Passthrough,
    /// The client's, with a port of the proxy's choice. Replies to it come back to the proxy by
    /// the mark alone.
    Client {
        /// The mark (`SO_MARK`) of the socket, instead of the proxy's own.
        mark: u32,
    },
}

impl Default for ProxyOptions {
    fn default() -> Self {
        Self {
            member: User::PROXY.into(),
            outbound_port: 15001,
            inbound_port: 15006,
            passthrough_v4: Ipv4Addr::new(127, 0, 0, 6),
            passthrough_v6: Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6),
            transparent: false,
            app_source: AppSource::Passthrough,
        }
    }
}

/// Which way a connection was going when it was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Out of the pod.
    Outbound,
    /// Into the pod.
    Inbound,
}

/// What became of a captured connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was joined with its original destination.
    Forwarded,
    /// It was meant for the proxy's own port, and was reset.
    Direct,
    /// The original destination could not be reached; the client was reset.
    Failed(io::ErrorKind),
}

/// One connection that came to the proxy.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which way it was going.
    pub direction: Direction,
    /// Who made it.
    pub peer: SocketAddr,
    /// Where it was going before it was redirected.
    pub original: SocketAddr,
    /// What became of it.
    pub outcome: Outcome,
    /// When that was known.
    pub at: Instant,
}

/// A running proxy; dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct Proxy {
    seen: Arc<Mutex<Vec<Seen>>>,
    _worker: Worker,
}

impl Proxy {
    /// Starts a proxy in `place`. It listens when this returns, on IPv6 too if the kernel has it.
    pub fn start(place: &Netns, options: ProxyOptions) -> Result<Self, DemoError> {
        let seen = Arc::new(Mutex::default());
        let list = Arc::clone(&seen);
        let member = options.member.clone();
        let serve = move || serve(&options, &list);
        let (worker, ()) = Worker::start(place, member, "demo-proxy", serve)?;
        Ok(Self { seen, _worker: worker })
    }

    /// The connections that came so far. One that is answered is in it already.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(options: &ProxyOptions, seen: &Arc<Mutex<Vec<Seen>>>) -> Result<(), DemoError> {
    let inbound = if options.transparent { Accepts::Any } else { Accepts::Local };
    let mark = options.member.mark;
    let wildcards = [
        (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(options.passthrough_v4)),
        (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(options.passthrough_v6)),
    ];
    for (any, passthrough) in wildcards {
        let to_app = match options.app_source {
            AppSource::Passthrough => Source::Address(passthrough),
            AppSource::Client { mark } => Source::Client { mark },
        };
        for (direction, port, source, accepts) in [
            (Direction::Outbound, options.outbound_port, Source::Usual, Accepts::Local),
            (Direction::Inbound, options.inbound_port, to_app, inbound),
        ] {
            let listener = match listen(SocketAddr::new(any, port), accepts, mark) {
                Err(error) if any.is_ipv6() && lacks_family(&error) => continue,
                other => other?,
            };
            let relay = Relay { direction, port, source, mark, seen: Arc::clone(seen) };
            tokio::spawn(accept_each(listener, move |client, peer| {
                relay.clone().take(client, peer)
            }));
        }
    }
    Ok(())
}
