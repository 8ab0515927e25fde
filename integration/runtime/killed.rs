//! The plugin killed at random moments of an ADD, and the DEL that a runtime sends then.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use nftdivert::net::netns::Netns;
use nftdivert_integration::seed::{draw, number};
use nftdivert_integration::shell::{ip, lo_ipv6, nft_list};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use crate::leases::leases;
use crate::network::bridge;
use nftdivert_integration::caller::{Answer, Call, binary, pod};

const KILLS: usize = 500;
const AT_ONCE: usize = 4;
const SYSTEM: &str = "/usr/lib/cni";

/// A host without a runtime: who calls is the test.
struct Host {
    netns: Netns,
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        Self { netns: pod(), folder: tempfile::tempdir().unwrap() }
    }

    /// Calls the bridge for the pod of this number.
    fn bridge(&self, verb: &str, place: &Netns, number: usize) -> Answer {
        let call = Call::new(verb, place, with_names(bridge(self.folder.path())));
        let call = call.inside(&self.netns).with("CNI_PATH", SYSTEM);
        let call = call.with("CNI_CONTAINERID", &format!("pod-{number}"));
        let mut command = Command::new(Path::new(SYSTEM).join("bridge"));
        call.prepare(&mut command);
        call.run_as(command)
    }
}

fn with_names(mut keys: Value) -> Value {
    keys["name"] = "lab".into();
    keys["cniVersion"] = "1.0.0".into();
    keys
}

/// Our plugin's call for a pod after the bridge.
fn ours<'a>(host: &'a Host, verb: &str, place: &Netns, previous: &Value) -> Call<'a> {
    Call::new(verb, place, with_names(json!({ "prevResult": previous }))).inside(&host.netns)
}

#[test]
fn whenever_the_plugin_is_killed_a_del_leaves_nothing() {
    let host = Host::new();
    let span = whole_add(&host);
    let seed = number("NFTDIVERT_SEED").unwrap_or_else(draw);
    println!("NFTDIVERT_SEED={seed}, moments within {span:?}");
    let config = Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() };
    let mut runner = TestRunner::new(config);
    let micros = u64::try_from(span.as_micros()).unwrap();
    let moments: Vec<Duration> = (0..KILLS)
        .map(|_| Duration::from_micros((1..=micros).new_tree(&mut runner).unwrap().current()))
        .collect();
    let (next, killed, begun) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                while let Some((turn, moment)) = take(&moments, &next) {
                    let left = kill_and_delete(&host, turn, moment);
                    killed.fetch_add(usize::from(left.was_killed), Ordering::Relaxed);
                    begun.fetch_add(usize::from(left.table), Ordering::Relaxed);
                }
            });
        }
    });
    println!("{killed:?} of {KILLS} killed before the end, {begun:?} with a table left");
    assert!(killed.into_inner() > KILLS / 5, "ADD is over before it is killed");
    assert_eq!(leases(host.folder.path()), Vec::<String>::new());
    assert_eq!(nft_list(&host.netns, "ruleset"), "");
    assert!(!ip(&host.netns, "-o link").contains("veth"));
}

fn take(moments: &[Duration], next: &AtomicUsize) -> Option<(usize, Duration)> {
    let turn = next.fetch_add(1, Ordering::Relaxed);
    moments.get(turn).map(|moment| (turn, *moment))
}

/// How long an ADD takes that nobody kills, in the middle.
fn whole_add(host: &Host) -> Duration {
    let once = |_| {
        let place = pod();
        let start = Instant::now();
        ours(host, "ADD", &place, &json!({ "cniVersion": "1.0.0" })).run().done();
        start.elapsed()
    };
    let mut taken: Vec<Duration> = (0..9).map(once).collect();
    taken.sort();
    taken[taken.len() / 2]
}

/// What a runtime does after an ADD that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// It tries once more.
    Retry,
    /// It ends the pod, and tells no namespace.
    PodGone,
    /// It takes the pod's network away.
    Delete,
}

impl After {
    /// Each of them is had in turn, the last twice.
    fn of(turn: usize) -> Self {
        [Self::Retry, Self::PodGone, Self::Delete, Self::Delete][turn % 4]
    }
}

/// What a kill left.
struct Left {
    was_killed: bool,
    table: bool,
}

fn kill_and_delete(host: &Host, turn: usize, moment: Duration) -> Left {
    let place = pod();
    let before = state(&place);
    let previous = host.bridge("ADD", &place, turn).done();
    let add = ours(host, "ADD", &place, &previous);
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", &format!("{:.6}", moment.as_secs_f64())]).arg(binary());
    add.prepare(&mut command);
    let was_killed = add.run_as(command).code != 0;
    let tables = nft_list(&place, "tables");
    assert!(["", "table inet nftdivert\n"].contains(&tables.as_str()), "{moment:?}: {tables}");
    let after = After::of(turn);
    if after == After::Retry {
        assert_eq!(add.run().done(), previous);
        ours(host, "CHECK", &place, &previous).run().silent();
    }
    let del = ours(host, "DEL", &place, &previous);
    if after == After::PodGone {
        del.with("CNI_NETNS", "").run().silent();
    } else {
        del.run().silent();
        assert_eq!(state(&place), before, "{moment:?}");
    }
    host.bridge("DEL", &place, turn).silent();
    Left { was_killed, table: !tables.is_empty() }
}

/// What an ADD of ours could leave in a pod.
fn state(place: &Netns) -> (String, Vec<String>, String) {
    (nft_list(place, "ruleset"), lo_ipv6(place), ip(place, "rule"))
}
