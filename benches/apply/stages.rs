//! Where the time of a first apply goes: its steps one by one, in a fresh namespace each round.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Instant;

use nftdivert::apply::Record;
use nftdivert::net::netns::here_is_initial;
use nftdivert::net::sysctl::LO_DISABLE_IPV6;
use nftdivert::net::{kernel, sockets};
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::{Batch, commit, read_table};
use nftdivert::plan::{HostFacts, TABLE, plan};
use nftdivert::policy::CapturePolicy;
use nix::fcntl::{Flock, FlockArg};

use crate::place::Place;
use crate::reading::Reading;

/// Takes the time since it was asked last.
struct Watch {
    since: Instant,
    taken: Vec<(&'static str, f64)>,
}

impl Watch {
    fn new() -> Self {
        Self { since: Instant::now(), taken: Vec::with_capacity(16) }
    }

    fn lap(&mut self, name: &'static str) {
        self.taken.push((name, self.since.elapsed().as_secs_f64() * 1e6));
        self.since = Instant::now();
    }
}

pub(crate) fn measure(rounds: usize) -> Vec<Reading> {
    let mut all: Vec<Reading> = Vec::new();
    for _ in 0..rounds {
        // The first is thrown away: what is measured is warm.
        let [first, second] = [Place::without_ipv6(), Place::without_ipv6()];
        one(&first);
        for (place, (name, micros)) in one(&second).into_iter().enumerate() {
            if all.len() == place {
                all.push(Reading { name, micros: Vec::new() });
            }
            all[place].micros.push(micros);
        }
    }
    all
}

fn one(place: &Place) -> Vec<(&'static str, f64)> {
    let mut watch = Watch::new();
    let path = format!("/proc/self/fd/{}", place.netns.as_fd().as_raw_fd());
    let mut taken = place.netns.run(|| inside(&path, &mut watch)).unwrap();
    watch.lap("step: thread ends, is joined");
    taken.append(&mut watch.taken);
    taken
}

fn inside(path: &str, watch: &mut Watch) -> Vec<(&'static str, f64)> {
    let policy = CapturePolicy::default();
    watch.lap("step: thread starts, enters");
    assert!(!here_is_initial().unwrap());
    watch.lap("step: is this the machine's own namespace?");
    kernel::check().unwrap();
    let mut nft = Connection::open(Family::Netfilter).unwrap();
    watch.lap("step: open the socket");
    let namespace = File::open(path).unwrap();
    let _turn = Flock::lock(namespace, FlockArg::LockExclusiveNonblock).unwrap();
    watch.lap("step: wait for the turn");
    assert!(read_table(&mut nft, TABLE).unwrap().is_none());
    watch.lap("step: is there a table?");
    LO_DISABLE_IPV6.read().unwrap();
    watch.lap("step: is there IPv6?");
    sockets::any_tcp().unwrap();
    watch.lap("step: are TCP sockets in use?");
    let plan = plan(&policy, &HostFacts::default()).unwrap();
    watch.lap("step: plan");
    let record = Record::now(policy.digest(), "bench", Vec::new()).chain();
    watch.lap("step: digest and record");
    let mut batch = Batch::new(None);
    batch.create(&plan.ruleset);
    batch.add_chain(TABLE, &record);
    let batch = batch.seal();
    watch.lap("step: encode");
    commit(&mut nft, &batch).unwrap();
    watch.lap("step: commit");
    drop((nft, plan, record));
    watch.lap("step: close");
    std::mem::take(&mut watch.taken)
}
