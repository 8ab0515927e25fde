//! Connections fare the same under our capture and under the reference.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nftdivert::demo::bed::{POD_V4, POD_V6, WORLD_V4, WORLD_V6};
use nftdivert::demo::{
    Bed, BedOptions, Dial, Direction, EchoServer, Outcome, Proxy, ProxyOptions, User,
};

use super::{capture, policy, program, reference};

/// Nobody listens on this port.
const NOBODY: u16 = 81;
const PROXY_BY_GROUP: User = User::new(1000, 1337);

/// Where a connection begins.
#[derive(Clone, Copy, Debug)]
enum From {
    Pod(User),
    /// The proxy, from the passthrough source.
    Passthrough,
    Peer,
}

/// Where it goes.
#[derive(Clone, Copy, Debug)]
enum To {
    World,
    Pod,
    Loopback,
}

/// What a connection is for, where it begins and ends, and what becomes of it.
type Line = (&'static str, From, To, u16, Option<Direction>);

const LINES: [Line; 14] = [
    ("out", From::Pod(User::APP), To::World, 80, Some(Direction::Outbound)),
    ("out, from root", From::Pod(User::ROOT), To::World, 80, Some(Direction::Outbound)),
    ("out, nobody listens", From::Pod(User::APP), To::World, NOBODY, Some(Direction::Outbound)),
    ("out, excluded port", From::Pod(User::APP), To::World, 9999, None),
    ("out, from the proxy", From::Pod(User::PROXY), To::World, 80, None),
    ("out, from the proxy's group", From::Pod(PROXY_BY_GROUP), To::World, 80, None),
    ("in", From::Peer, To::Pod, 8080, Some(Direction::Inbound)),
    ("in, excluded port", From::Peer, To::Pod, 15020, None),
    ("in, tunnel port", From::Peer, To::Pod, 15008, None),
    ("app to itself by loopback", From::Pod(User::APP), To::Loopback, 8080, None),
    ("app to itself by the pod's address", From::Pod(User::APP), To::Pod, 8080, None),
    ("self-call", From::Pod(User::PROXY), To::Pod, 8080, Some(Direction::Inbound)),
    ("self-call to the tunnel port", From::Pod(User::PROXY), To::Pod, 15008, None),
    ("passthrough", From::Passthrough, To::Loopback, 8080, None),
];

/// A bed with all that listens.
struct Scene {
    bed: Bed,
    proxy: Proxy,
    _servers: [EchoServer; 3],
}

impl Scene {
    fn new(bed: Bed) -> Self {
        let everywhere = |port| {
            [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)]
                .map(|any| SocketAddr::new(any, port))
        };
        let app = [everywhere(8080), everywhere(15020)].concat();
        let world = [everywhere(80), everywhere(9999)].concat();
        let servers = [
            EchoServer::start(&bed.pod, User::APP, "app", &app).unwrap(),
            EchoServer::start(&bed.pod, User::PROXY, "tunnel", &everywhere(15008)).unwrap(),
            EchoServer::start(&bed.peer, User::ROOT, "world", &world).unwrap(),
        ];
        let proxy = Proxy::start(&bed.pod, ProxyOptions::default()).unwrap();
        Self { bed, proxy, _servers: servers }
    }

    fn fare(&self, (_, from, to, port, _): Line, family: Family) -> Fare {
        let before = self.proxy.seen().len();
        let to = SocketAddr::new(family.address(to), port);
        let (place, dial) = match from {
            From::Pod(user) => (&self.bed.pod, Dial::new(user, to)),
            From::Passthrough => {
                (&self.bed.pod, Dial::new(User::PROXY, to).source(family.passthrough()))
            }
            From::Peer => (&self.bed.peer, Dial::new(User::ROOT, to)),
        };
        let talk = dial.open(place);
        let answer = talk.as_ref().map(|talk| &talk.answer);
        let seen = self.proxy.seen().split_off(before);
        Fare {
            answer: match answer {
                Ok(answer) => Ok((answer.name.clone(), answer.local, answer.peer.ip())),
                Err(error) => Err(error.io_kind()),
            },
            seen: seen.iter().map(|seen| (seen.direction, seen.original, seen.outcome)).collect(),
        }
    }
}

/// Who answered, as whom it saw itself and the client; and what the proxy saw.
#[derive(Debug, PartialEq, Eq)]
struct Fare {
    answer: Result<(String, SocketAddr, IpAddr), Option<ErrorKind>>,
    seen: Vec<(Direction, SocketAddr, Outcome)>,
}

#[derive(Clone, Copy, Debug)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn address(self, to: To) -> IpAddr {
        match (self, to) {
            (Self::V4, To::World) => WORLD_V4.into(),
            (Self::V4, To::Pod) => POD_V4.into(),
            (Self::V4, To::Loopback) => Ipv4Addr::LOCALHOST.into(),
            (Self::V6, To::World) => WORLD_V6.into(),
            (Self::V6, To::Pod) => POD_V6.into(),
            (Self::V6, To::Loopback) => Ipv6Addr::LOCALHOST.into(),
        }
    }

    fn passthrough(self) -> IpAddr {
        let options = ProxyOptions::default();
        match self {
            Self::V4 => options.passthrough_v4.into(),
            Self::V6 => options.passthrough_v6.into(),
        }
    }
}

#[test]
fn connections_fare_the_same_in_both_beds() {
    let ours = Bed::new(BedOptions::default()).unwrap();
    capture(&ours.pod, &policy("outbound: {excludePorts: [9999]}"));
    let theirs = Bed::new(BedOptions::default()).unwrap();
    program(&theirs.pod, &["ip", "-6", "address", "add", "::6/128", "dev", "lo", "nodad"]);
    theirs.pod.run(reference::write).unwrap();
    let (ours, theirs) = (Scene::new(ours), Scene::new(theirs));
    for line in LINES {
        for family in [Family::V4, Family::V6] {
            let what = format!("{} ({family:?})", line.0);
            let fare = ours.fare(line, family);
            assert_eq!(fare.answer.is_ok(), line.3 != NOBODY, "{what}: {fare:?}");
            assert_eq!(fare.seen.first().map(|seen| seen.0), line.4, "{what}: {fare:?}");
            assert_eq!(fare, theirs.fare(line, family), "{what}");
        }
    }
}
