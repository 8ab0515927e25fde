//! What becomes of connections in a pod, in a few words that tests compare.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nftdivert::demo::{
    Bed, BedOptions, Dial, Direction, EchoServer, Member, NameServer, NameServerOptions, Outcome,
    Proxy, ProxyOptions, Query, Seen, Transport, User,
};
use nftdivert::net::netns::Netns;

/// A pod with its proxy, its app and the world around it, and no rules.
pub struct Stage {
    /// The namespaces.
    pub bed: Bed,
    /// The proxy in the pod.
    pub proxy: Proxy,
    /// A machine or container inside the pod, if there is one.
    pub behind: Option<Netns>,
    servers: Vec<EchoServer>,
    name_servers: Vec<NameServer>,
}

/// From where a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The pod.
    Pod,
    /// A peer outside.
    Outside,
    /// What is behind the pod: [`Stage::behind`].
    Behind,
}

/// A connection or a question, and what should become of it.
#[derive(Clone, Debug)]
pub struct Case {
    what: String,
    from: From,
    to: SocketAddr,
    act: Act,
    wanted: String,
}

#[derive(Clone, Debug)]
enum Act {
    Dial(Dial),
    Ask(Query),
}

impl Case {
    /// A connection of `member` in the pod to `to`.
    pub fn out(what: &str, member: impl Into<Member>, to: SocketAddr, wanted: &str) -> Self {
        Self::dial(what, From::Pod, (Dial::new(member, to), to), wanted)
    }

    /// A connection of a peer outside to `to`.
    pub fn into_pod(what: &str, to: SocketAddr, wanted: &str) -> Self {
        Self::dial(what, From::Outside, (Dial::new(User::APP, to), to), wanted)
    }

    /// Any connection, and where it goes.
    pub fn dial(what: &str, from: From, (dial, to): (Dial, SocketAddr), wanted: &str) -> Self {
        Self { what: what.to_owned(), from, to, act: Act::Dial(dial), wanted: wanted.to_owned() }
    }

    /// A question of `member` in the pod to the name server `to`.
    pub fn ask(
        what: &str,
        member: impl Into<Member>,
        (transport, to): (Transport, SocketAddr),
        wanted: &str,
    ) -> Self {
        let act = Act::Ask(Query::new(member, to, transport));
        let what = format!("{what}, {transport:?}");
        Self { what, from: From::Pod, to, act, wanted: wanted.to_owned() }
    }

    /// The same with another fate.
    pub fn instead(mut self, wanted: &str) -> Self {
        wanted.clone_into(&mut self.wanted);
        self
    }
}

impl Stage {
    /// Makes the namespaces and starts everybody; app and world answer on these ports.
    #[track_caller]
    pub fn new(proxy: ProxyOptions, app: &[u16], world: &[u16]) -> Self {
        let bed = Bed::new(BedOptions::default()).expect("a bed");
        let proxy = Proxy::start(&bed.pod, proxy).expect("the proxy");
        let behind = None;
        let stage = Self { bed, proxy, behind, servers: Vec::new(), name_servers: Vec::new() };
        stage.with_server(From::Pod, "app", app).with_server(From::Outside, "world", world)
    }

    /// One more server, on these ports of all addresses.
    #[track_caller]
    pub fn with_server(mut self, place: From, name: &str, ports: &[u16]) -> Self {
        let any: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        let addresses: Vec<_> = any
            .iter()
            .flat_map(|ip| ports.iter().map(|port| SocketAddr::new(*ip, *port)))
            .collect();
        let user = if place == From::Pod { User::APP } else { User::ROOT };
        let server = EchoServer::start(self.place(place), user, name, &addresses);
        self.servers.push(server.expect(name));
        self
    }

    /// One more name server.
    #[track_caller]
    pub fn with_name_server(mut self, place: From, options: NameServerOptions) -> Self {
        let server = NameServer::start(self.place(place), options);
        self.name_servers.push(server.expect("a name server"));
        self
    }

    /// The cases that fare otherwise than they should, each with how.
    pub fn wrong(&self, cases: &[Case]) -> Vec<String> {
        let judge = |case: &Case| {
            let (fate, to) = (self.fate(case), case.to);
            let how = format!("{} -> {to}: {fate}; must be: {}", case.what, case.wanted);
            (fate != case.wanted).then_some(how)
        };
        cases.iter().filter_map(judge).collect()
    }

    /// Every case fares as it should.
    #[track_caller]
    pub fn all_right(&self, cases: &[Case]) {
        let wrong = self.wrong(cases);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    fn fate(&self, case: &Case) -> String {
        let before = self.proxy.seen().len();
        let place = self.place(case.from);
        let end = match &case.act {
            Act::Dial(dial) => of_dial(dial, place),
            Act::Ask(query) => match query.ask(place) {
                Ok(answer) => End { peer: None, words: format!("answered by {}", answer.name) },
                Err(_) => End::nobody(),
            },
        };
        let mut seen = self.proxy.seen().split_off(before);
        seen.sort_by_key(|seen| seen.direction == Direction::Inbound);
        in_words(&seen, case.to, &end)
    }

    fn place(&self, place: From) -> &Netns {
        match place {
            From::Pod => &self.bed.pod,
            From::Outside => &self.bed.peer,
            From::Behind => self.behind.as_ref().expect("somebody behind the pod"),
        }
    }
}

/// How a connection ended, and the client as it knows itself and as the server knows it.
struct End {
    peer: Option<[SocketAddr; 2]>,
    words: String,
}

impl End {
    fn nobody() -> Self {
        Self { peer: None, words: "no answer".to_owned() }
    }
}

fn of_dial(dial: &Dial, place: &Netns) -> End {
    let talk = dial.open(place).and_then(|mut talk| talk.echo(b"anybody there").map(|()| talk));
    talk.map_or_else(
        |_| End::nobody(),
        |talk| End {
            peer: talk.local().ok().map(|own| [own, talk.answer.peer]),
            words: format!("to {}", talk.answer.name),
        },
    )
}

fn in_words(seen: &[Seen], to: SocketAddr, end: &End) -> String {
    let words = &end.words;
    let mut ways: Vec<String> = seen.iter().map(|seen| way(seen, to)).collect();
    match (ways.len(), end.peer) {
        (0, Some([own, known])) if own != known => ways.push("rewritten".to_owned()),
        (0, _) => ways.push("direct".to_owned()),
        (5.., _) => ways = vec!["around in a circle".to_owned()],
        (1..=4, _) => {}
    }
    let is_inbound = seen.iter().any(|seen| seen.direction == Direction::Inbound);
    let tail = match end.peer {
        Some([own, known]) if is_inbound && own.ip() == known.ip() => ", from the client's address",
        Some(_) | None => "",
    };
    format!("{} {words}{tail}", ways.join(", "))
}

fn way(seen: &Seen, to: SocketAddr) -> String {
    let mut words = match seen.direction {
        Direction::Outbound => "outbound".to_owned(),
        Direction::Inbound => "inbound".to_owned(),
    };
    if seen.original != to {
        words.push_str(&format!(" for {}", seen.original));
    }
    if seen.outcome != Outcome::Forwarded {
        words.push_str(" (failed)");
    }
    words
}
