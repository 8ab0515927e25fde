//! A pod and a peer with a policy and a listener, where one case is measured again and again.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nftdivert::apply::{ApplyOptions, HostRule, LiveConnections, OtherMeshes, Target, apply};
use nftdivert::demo::{Bed, BedOptions, as_user};
use nftdivert::net::netns::Netns;
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Batch, commit};
use nftdivert::plan::{HostFacts, TABLE, plan};
use nftdivert::policy::CapturePolicy;
use nix::sys::socket::sockopt::{IpTransparent, Ipv6V6Only, ReuseAddr};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, connect, listen, setsockopt,
    socket,
};

use crate::cases::Case;
use crate::leg::{Leg, Place};
use crate::work::Work;

/// Connections just before the timed ones: what is measured is warm.
const WARM: usize = 5;
/// No wait is longer.
const LIMIT: Duration = Duration::from_secs(5);

/// A case, ready to be measured.
pub(crate) struct Site {
    bed: Bed,
    leg: Leg,
    listener: TcpListener,
    work: Work,
}

impl Site {
    pub(crate) fn new(case: &Case) -> Self {
        let bed = Bed::new(BedOptions::default()).unwrap();
        if let Some(policy) = &case.policy {
            put(&bed, policy);
            if !case.without.is_empty() {
                bed.pod.run(|| take_out(policy, case.without)).unwrap();
            }
        }
        bed.pod.run(forget_soon).unwrap();
        let leg = Leg::new(case.way, case.family);
        let listener = as_user(place(&bed, leg.at), leg.server, || listener(&leg)).unwrap();
        Self { bed, leg, listener, work: case.work }
    }

    /// Microseconds of one unit of the case's work.
    pub(crate) fn sample(&self) -> f64 {
        as_user(place(&self.bed, self.leg.from), self.leg.user, || self.timed()).unwrap()
    }

    /// Fails where packets were sent again or refused: what was measured then is something else.
    pub(crate) fn check(&self, name: &str, samples: usize) {
        for netns in [&self.bed.pod, &self.bed.peer] {
            for counter in ["RetransSegs", "OutRsts"] {
                let count = netns.run(|| tcp_counter(counter)).unwrap();
                // A machine that stands still for a while lets a timer run out.
                assert!(count <= samples, "{name}: {counter} is {count} after {samples} samples");
            }
        }
    }

    fn timed(&self) -> f64 {
        (0..WARM).for_each(|_| self.once());
        let (units, spent) = match self.work {
            Work::Connections(count) => {
                let start = Instant::now();
                (0..count).for_each(|_| self.once());
                (count, start.elapsed())
            }
            Work::RoundTrips(count) => self.talk(count, |a, b| {
                pass(a, b, &mut [1; 64]);
                pass(b, a, &mut [2; 64]);
            }),
            Work::Bulk(count) => self.talk(count, |a, b| {
                let mut piece = [3; 32 * 1024];
                (0..32).for_each(|_| pass(a, b, &mut piece));
            }),
        };
        spent.as_secs_f64() * 1e6 / f64::from(u32::try_from(units).unwrap())
    }

    /// One connection: made, accepted, and closed by the server, then by the client. So the port
    /// that waits (`TIME_WAIT`) is the server's, and the client's is free again.
    fn once(&self) {
        let client = dial(&self.leg);
        let (server, _) = self.listener.accept().unwrap();
        drop(server);
        drop(client);
    }

    fn talk(
        &self,
        count: usize,
        unit: impl Fn(&mut TcpStream, &mut TcpStream),
    ) -> (usize, Duration) {
        let mut client = TcpStream::from(dial(&self.leg));
        let (mut server, _) = self.listener.accept().unwrap();
        for end in [&client, &server] {
            end.set_nodelay(true).unwrap();
            end.set_read_timeout(Some(LIMIT)).unwrap();
            end.set_write_timeout(Some(LIMIT)).unwrap();
        }
        // The window grows first.
        (0..count.div_ceil(10)).for_each(|_| unit(&mut client, &mut server));
        let start = Instant::now();
        (0..count).for_each(|_| unit(&mut client, &mut server));
        (count, start.elapsed())
    }
}

fn pass(from: &mut TcpStream, to: &mut TcpStream, piece: &mut [u8]) {
    from.write_all(piece).unwrap();
    to.read_exact(piece).unwrap();
}

fn place(bed: &Bed, place: Place) -> &Netns {
    match place {
        Place::Pod => &bed.pod,
        Place::Peer => &bed.peer,
    }
}

fn put(bed: &Bed, policy: &CapturePolicy) {
    let target = Target::other(bed.pod.try_clone().unwrap(), HostRule::Refuse);
    let options = ApplyOptions {
        source: "bench".into(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    apply(&target, policy, &options).unwrap();
}

/// Puts the same table there, without these chains.
fn take_out(policy: &CapturePolicy, chains: &[&str]) {
    let mut ruleset = plan(policy, &HostFacts::default()).unwrap().ruleset;
    ruleset.chains.retain(|chain| !chains.contains(&chain.name.as_ref()));
    let mut batch = Batch::new(None);
    batch.delete_table(TABLE);
    batch.create(&ruleset);
    commit(&mut Connection::open(Family::Netfilter).unwrap(), &batch.seal()).unwrap();
}

/// A counter of the calling thread's namespace, of both families.
fn tcp_counter(name: &str) -> usize {
    let all = fs::read_to_string("/proc/thread-self/net/snmp").unwrap();
    let mut lines = all.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
    let found = names.split(' ').zip(values.split(' ')).find(|(key, _)| *key == name);
    found.unwrap().1.parse().unwrap()
}

/// Connections that are over are kept for two minutes: tens of thousands would be, here.
fn forget_soon() {
    fs::write("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait", "1").unwrap();
}

fn open(address: IpAddr) -> OwnedFd {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap()
}

/// Takes what is for other addresses too, as TPROXY needs it.
fn listener(leg: &Leg) -> TcpListener {
    let any: IpAddr = match leg.to.ip() {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = open(any);
    setsockopt(&socket, ReuseAddr, &true).unwrap();
    setsockopt(&socket, IpTransparent, &true).unwrap();
    if any.is_ipv6() {
        setsockopt(&socket, Ipv6V6Only, &true).unwrap();
    }
    let address = SockaddrStorage::from(SocketAddr::new(any, leg.port));
    bind(socket.as_raw_fd(), &address).unwrap();
    listen(&socket, Backlog::new(1024).unwrap()).unwrap();
    TcpListener::from(socket)
}

fn dial(leg: &Leg) -> OwnedFd {
    let socket = open(leg.to.ip());
    if let Some(source) = leg.source {
        bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(source, 0))).unwrap();
    }
    connect(socket.as_raw_fd(), &SockaddrStorage::from(leg.to)).unwrap();
    socket
}
