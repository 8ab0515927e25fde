//! One apply or removal in the namespace it is started in or in another, for tests that run it under strace, in
//! another mount namespace or with fewer rights; and rounds of all that can be done to a namespace.

use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::apply::{
    ApplyOptions, Captured, HostRule, LiveConnections, OtherMeshes, RemoveOptions, Target, apply,
    remove, status,
};
use nftdivert::demo::bed::LINK;
use nftdivert::demo::{Bed, BedOptions};
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;

/// Rounds are made by so many threads, because most of their time is waiting.
const THREADS: usize = 8;

/// How long captured connections are waited for.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), Failure> {
    let here = Target::current(HostRule::Refuse);
    match words {
        ["at", path, rest @ ..] => {
            step(&Target::other(Netns::at(Path::new(path))?, HostRule::Refuse), rest)
        }
        ["rounds", number] => rounds(number.parse()?),
        words => step(&here, words),
    }
}

fn step(target: &Target, words: &[&str]) -> Result<(), Failure> {
    match words {
        ["apply", policy] => put(target, policy, LiveConnections::Keep),
        ["apply-break", policy] => put(target, policy, LiveConnections::Break),
        ["remove"] => take(target, Captured::Cut),
        ["drain"] => take(target, Captured::Drain(DRAIN_LIMIT)),
        _ => {
            Err("[at NETNS] apply POLICY | apply-break POLICY | remove | drain; rounds NUMBER"
                .into())
        }
    }
}

fn put(target: &Target, policy: &str, live: LiveConnections) -> Result<(), Failure> {
    let policy = CapturePolicy::from_yaml(&std::fs::read_to_string(policy)?)?;
    let others = OtherMeshes::Refuse;
    let applied = apply(target, &policy, &ApplyOptions { source: "step".into(), live, others })?;
    println!("{:?}", applied.outcome);
    applied.notes.iter().for_each(|note| println!("note: {note}"));
    Ok(())
}

fn take(target: &Target, captured: Captured) -> Result<(), Failure> {
    let options = RemoveOptions { captured, progress: &|_| () };
    let removed = remove(target, &options)?;
    println!("{removed:?}");
    Ok(())
}

/// Fails if a descriptor, a thread or a namespace is left in the end.
fn rounds(number: usize) -> Result<(), Failure> {
    one_round()?;
    let before = (count("/proc/self/fd")?, count("/proc/self/task")?);
    let some = |_| {
        let round = || one_round().map_err(|error| error.to_string());
        std::thread::spawn(move || (0..number / THREADS).map(|_| round()).collect::<Vec<_>>())
    };
    let started: Vec<_> = (0..THREADS).map(some).collect();
    let ended = started.into_iter().flat_map(|thread| thread.join().unwrap_or_default());
    let peers = ended.collect::<Result<Vec<_>, _>>()?;
    if peers.len() != number {
        return Err("a round panicked".into());
    }
    for peer in peers {
        until(|| Ok(!has_link(&peer)?), "the pod's namespace is kept alive")?;
    }
    let now = || -> Result<_, Failure> { Ok((count("/proc/self/fd")?, count("/proc/self/task")?)) };
    until(|| Ok(now()? == before), "descriptors or threads are left")?;
    println!("descriptors and threads: {before:?}");
    Ok(())
}

/// The pod ends with its round, and takes its end of the link along; the peer stays to tell.
fn one_round() -> Result<Netns, Failure> {
    let bed = Bed::new(BedOptions::default())?;
    let target = Target::other(bed.pod.try_clone()?, HostRule::Refuse);
    let options = ApplyOptions {
        source: "rounds".into(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    let one = CapturePolicy::default();
    let other = CapturePolicy::from_yaml("apiVersion: nftdivert/v1\ncounters: on\n")?;
    for policy in [&one, &other, &other] {
        apply(&target, policy, &options)?;
        status(&target)?;
        if !verify(&target, policy)?.differences.is_empty() {
            return Err("not as applied".into());
        }
    }
    take_quietly(&target)?;
    apply(&target, &one, &options)?;
    Ok(bed.peer)
}

fn take_quietly(target: &Target) -> Result<(), Failure> {
    remove(target, &RemoveOptions { captured: Captured::Cut, progress: &|_| () })?;
    Ok(())
}

fn has_link(place: &Netns) -> Result<bool, Failure> {
    let links = place.run(|| std::fs::read_to_string("/proc/thread-self/net/dev"))??;
    Ok(links.contains(LINK))
}

fn count(folder: &str) -> Result<usize, Failure> {
    Ok(std::fs::read_dir(Path::new(folder))?.count())
}

/// The kernel ends namespaces and threads a moment after the last handle is gone.
fn until(done: impl Fn() -> Result<bool, Failure>, complaint: &str) -> Result<(), Failure> {
    let limit = Instant::now() + Duration::from_secs(10);
    while !done()? {
        if Instant::now() > limit {
            return Err(complaint.into());
        }
        sleep(Duration::from_millis(2));
    }
    Ok(())
}
