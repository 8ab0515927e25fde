//! A namespace, what one program is about to do in it, and what it may leave when it can't.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{assert_clean, put, take_away};
use nftdivert_integration::shell::ip;

use crate::state::State;

/// What the program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Applies the policy of this YAML.
    Apply(&'static str),
    Remove,
    Drain,
}

/// Where the program starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// In the namespace: it has one thread.
    Inside,
    /// Outside: a thread of it enters.
    Outside,
}

/// Whether a TCP connection lives in the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    Nothing,
    Tcp,
}

pub(crate) struct Scene {
    pub(crate) place: Netns,
    /// The policy in force before, if any.
    old: Option<&'static str>,
    deed: Deed,
    words: Vec<String>,
    pub(crate) bare: State,
    pub(crate) before: State,
    pub(crate) after: State,
    _policy: tempfile::NamedTempFile,
    _talk: Option<[TcpStream; 2]>,
}

impl Scene {
    pub(crate) fn new(old: Option<&'static str>, deed: Deed, start: Start, live: Live) -> Self {
        let place = Netns::anonymous().unwrap();
        ip(&place, "link set lo up");
        let talk = (live == Live::Tcp).then(|| place.run(talk).unwrap());
        let policy = tempfile::NamedTempFile::new().unwrap();
        let words = words(deed, start, &place, &policy);
        let bare = State::of(&place);
        let (before, after) = (bare.clone(), bare.clone());
        let (_policy, _talk) = (policy, talk);
        let mut scene = Self { place, old, deed, words, bare, before, after, _policy, _talk };
        scene.rehearse();
        scene
    }

    /// Goes through it once, unharmed.
    fn rehearse(&mut self) {
        self.after = match (self.prepare(), self.deed) {
            (_, Deed::Apply(text)) => {
                put(&self.place, text).unwrap();
                State::of(&self.place)
            }
            (_, Deed::Remove | Deed::Drain) => self.bare.clone(),
        };
        self.before = self.prepare();
    }

    pub(crate) fn program(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// The state before.
    pub(crate) fn prepare(&self) -> State {
        self.clear("before");
        if let Some(old) = self.old {
            put(&self.place, old).unwrap();
        }
        State::of(&self.place)
    }

    /// Removes; nothing is left.
    #[track_caller]
    pub(crate) fn clear(&self, case: &str) {
        take_away(&self.place).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(State::of(&self.place), self.bare, "{case}");
    }

    /// The next apply brings about what this one should have, or the old policy after a removal.
    #[track_caller]
    pub(crate) fn converge(&self, case: &str) {
        let (text, whole) = match self.deed {
            Deed::Apply(text) => (text, &self.after),
            Deed::Remove | Deed::Drain => (self.old.unwrap(), &self.before),
        };
        put(&self.place, text).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_clean(&self.place, text);
        let now = State::of(&self.place);
        assert_eq!((&now.rules, &now.idle_sets), (&whole.rules, &whole.idle_sets), "{case}");
        assert!(now.has_effects_of(whole), "{case}: {now:#?}");
    }

    /// What may be there after a program that did not come to its end.
    #[track_caller]
    pub(crate) fn check_between(&self, now: &State, case: &str) {
        let is_old = now.rules == self.before.rules && now.is_equipped_like(&self.before);
        let is_new = now.rules == self.after.rules && now.is_equipped_like(&self.after);
        // A replacement goes from rules to rules.
        let is_exchange = self.old.is_some() && matches!(self.deed, Deed::Apply(_));
        let is_bridging = is_exchange && now.is_capturing_both_ways();
        let is_inert = !is_exchange && now.is_inert();
        let is_draining = self.deed == Deed::Drain && now.is_draining();
        assert!(is_old || is_new || is_bridging || is_inert || is_draining, "{case}: {now:#?}");
        assert!(now.is_accounted(&self.bare), "{case}: {now:#?}");
    }

    /// Whether it takes capture away.
    pub(crate) fn is_removal(&self) -> bool {
        !matches!(self.deed, Deed::Apply(_))
    }

    /// Whether the program came to its end.
    pub(crate) fn is_done(&self, now: &State) -> bool {
        now.rules == self.after.rules && now.is_equipped_like(&self.after)
    }
}

/// The program and its words.
fn words(deed: Deed, start: Start, place: &Netns, policy: &tempfile::NamedTempFile) -> Vec<String> {
    let mut words = vec![env!("CARGO_BIN_EXE_live_step").to_owned()];
    if start == Start::Outside {
        let (process, fd) = (std::process::id(), place.as_fd().as_raw_fd());
        words.extend(["at".into(), format!("/proc/{process}/fd/{fd}")]);
    }
    match deed {
        Deed::Apply(text) => {
            write!(policy.as_file(), "apiVersion: nftdivert/v1\n{text}\n").unwrap();
            words.extend(["apply".into(), policy.path().to_str().unwrap().into()]);
        }
        Deed::Remove => words.push("remove".into()),
        Deed::Drain => words.push("drain".into()),
    }
    words
}

fn talk() -> [TcpStream; 2] {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    [client, listener.accept().unwrap().0]
}
