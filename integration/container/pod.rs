//! A pod whose containers run one after the other, as a kubelet starts them.

use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use nftdivert::apply::Outcome;
use nftdivert::demo::{Bed, BedOptions};
use nftdivert_integration::fixture::{Fixture, Scene};
use nftdivert_integration::injected::INJECTED;
use nftdivert_integration::ran::Ran;
use nftdivert_integration::shell::nft_list;

use crate::image::{APP, IMAGE, NOBODY, PROXY, Rights};

pub(crate) struct Pod {
    bed: Bed,
}

impl Pod {
    pub(crate) fn new() -> Self {
        Self { bed: Bed::new(BedOptions::default()).unwrap() }
    }

    /// A container that programs rules: nobody, with `NET_ADMIN` alone.
    pub(crate) fn init(&self, words: &[&str]) -> Ran {
        self.run(NOBODY, Rights::NetAdmin, words)
    }

    /// A container of the proxy's user, which may nothing.
    pub(crate) fn as_proxy(&self, words: &[&str]) -> Ran {
        self.run(PROXY, Rights::None, words)
    }

    /// A container of another user, which may nothing.
    pub(crate) fn as_app(&self, words: &[&str]) -> Ran {
        self.run(APP, Rights::None, words)
    }

    pub(crate) fn run(&self, user: &str, rights: Rights, words: &[&str]) -> Ran {
        self.start_program(user, rights, &[&["/bin/nftdivert"], words].concat())
    }

    pub(crate) fn start_program(&self, user: &str, rights: Rights, words: &[&str]) -> Ran {
        let netns = format!("/proc/{}/fd/{}", std::process::id(), self.bed.pod.as_fd().as_raw_fd());
        IMAGE.run(&netns, user, rights, words)
    }

    /// A connection inside it, both ends.
    pub(crate) fn talk(&self) -> [TcpStream; 2] {
        let open = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            [client, listener.accept().unwrap().0]
        };
        self.bed.pod.run(open).unwrap()
    }

    /// All that nf_tables holds in it.
    pub(crate) fn rules(&self) -> String {
        nft_list(&self.bed.pod, "ruleset")
    }

    /// Starts proxy and app; the containers must have made of it what this policy says.
    #[track_caller]
    pub(crate) fn start(self, policy: &str) -> Fixture {
        let fixture = Fixture::around(self.bed, &Scene { policy, ..Scene::default() });
        assert_eq!(fixture.applied.outcome, Outcome::Unchanged);
        fixture
    }
}

/// `nftdivert istio-iptables` with what the injector gives it, and these besides.
pub(crate) fn istio<'a>(besides: &[&'a str]) -> Vec<&'a str> {
    [&["istio-iptables"][..], &INJECTED, besides].concat()
}
