//! Who answers, and what the proxy saw of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nftdivert::demo::{Conversation, Dial, Direction, Member, Outcome, Seen, User};
use nftdivert::net::netns::Netns;

use crate::fixture::Fixture;

/// From where the proxy dials the app.
pub const PASSTHROUGH: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 6)), IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6))];

/// One port of several addresses.
pub fn at<const N: usize>(addresses: [&str; N], port: u16) -> [SocketAddr; N] {
    addresses.map(|address| SocketAddr::new(address.parse().expect(address), port))
}

impl Fixture {
    /// `user` of the pod reaches the world at `to` through the proxy's outbound port.
    #[track_caller]
    pub fn captured_outbound(&self, user: impl Into<Member>, to: SocketAddr) {
        self.is_captured_outbound(&self.bed.pod, &Dial::new(user, to), to);
    }

    /// `dial` from `place` reaches the world at `to` through the proxy's outbound port.
    #[track_caller]
    pub fn is_captured_outbound(&self, place: &Netns, dial: &Dial, to: SocketAddr) {
        let (talk, seen) = self.dial(place, dial);
        self.is_answered(&talk, "world", to);
        assert_ne!(talk.answer.peer, own(&talk), "{to}: the world sees the client itself");
        // Its port may be another one where the client's is taken by a connection that was.
        let [seen] = seen.as_slice() else { panic!("{to}: the proxy saw {seen:?}") };
        assert_eq!(brief(seen), (Direction::Outbound, to, Outcome::Forwarded));
        assert_eq!(seen.peer.ip(), own(&talk).ip());
    }

    /// A peer outside reaches the app at `to` through the proxy's inbound port.
    #[track_caller]
    pub fn captured_inbound(&self, to: SocketAddr) {
        let (talk, seen) = self.dial(&self.bed.peer, &Dial::new(User::APP, to));
        self.is_passed_to_the_app(&talk, &seen, to);
    }

    /// What `user` of the pod sends by `lo` to `to` reaches the app through the inbound port.
    #[track_caller]
    pub fn self_call(&self, user: impl Into<Member>, to: SocketAddr) {
        let (talk, seen) = self.dial(&self.bed.pod, &Dial::new(user, to));
        self.is_passed_to_the_app(&talk, &seen, to);
    }

    /// The app's call by `lo` to `to` reaches the app through both ports of the proxy.
    #[track_caller]
    pub fn round_trip(&self, to: SocketAddr) {
        self.is_round_trip(&self.bed.pod, to);
    }

    /// A call from `place` to the app at `to` reaches it through both ports of the proxy.
    #[track_caller]
    pub fn is_round_trip(&self, place: &Netns, to: SocketAddr) {
        let (talk, seen) = self.dial(place, &Dial::new(User::APP, to));
        self.is_answered(&talk, "app", to);
        let mut ways: Vec<_> = seen.iter().map(brief).collect();
        ways.sort_by_key(|way| way.0 == Direction::Inbound);
        let forwarded = |way| (way, to, Outcome::Forwarded);
        assert_eq!(ways, [Direction::Outbound, Direction::Inbound].map(forwarded), "{to}");
    }

    /// `user` of the pod reaches `name` at `to` and the proxy sees nothing of it.
    #[track_caller]
    pub fn direct(&self, user: impl Into<Member>, to: SocketAddr, name: &str) {
        self.is_direct(&self.bed.pod, &Dial::new(user, to), name);
    }

    /// A peer outside reaches `name` in the pod and the proxy sees nothing of it.
    #[track_caller]
    pub fn direct_inbound(&self, to: SocketAddr, name: &str) {
        self.is_direct(&self.bed.peer, &Dial::new(User::APP, to), name);
    }

    /// `dial` reaches `name` from `place` and the proxy sees nothing of it.
    #[track_caller]
    pub fn is_direct(&self, place: &Netns, dial: &Dial, name: &str) {
        let (talk, seen) = self.dial(place, dial);
        assert!(seen.is_empty(), "{dial:?}: the proxy saw {seen:?}");
        assert_eq!((talk.answer.name.as_str(), talk.answer.peer), (name, own(&talk)), "{dial:?}");
    }

    /// Makes a connection; with it, what the proxy saw meanwhile.
    #[track_caller]
    fn dial(&self, place: &Netns, dial: &Dial) -> (Conversation, Vec<Seen>) {
        let before = self.proxy.seen().len();
        let mut talk = match dial.open(place) {
            Ok(talk) => talk,
            Err(error) => panic!("{error}; the proxy saw {:?}", &self.proxy.seen()[before..]),
        };
        talk.echo(b"anybody there").expect("an echo");
        (talk, self.proxy.seen().split_off(before))
    }

    #[track_caller]
    fn is_answered(&self, talk: &Conversation, name: &str, to: SocketAddr) {
        assert_eq!((talk.answer.name.as_str(), talk.answer.local), (name, to));
    }

    #[track_caller]
    fn is_passed_to_the_app(&self, talk: &Conversation, seen: &[Seen], to: SocketAddr) {
        self.is_answered(talk, "app", to);
        let from = PASSTHROUGH[usize::from(to.is_ipv6())];
        assert_eq!(talk.answer.peer.ip(), from, "{to}: not by the passthrough");
        let [seen] = seen else { panic!("{to}: the proxy saw {seen:?}") };
        assert_eq!(brief(seen), (Direction::Inbound, to, Outcome::Forwarded));
        assert_eq!(seen.peer.ip(), own(talk).ip());
    }
}

fn own(talk: &Conversation) -> SocketAddr {
    talk.local().expect("an address")
}

fn brief(seen: &Seen) -> (Direction, SocketAddr, Outcome) {
    (seen.direction, seen.original, seen.outcome)
}
