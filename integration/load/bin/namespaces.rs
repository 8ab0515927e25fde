//! Applies, verifies and removes in many namespaces at once, and fails if anything is left of them.
//!
//! It runs as root of a user namespace of its own.

use std::fs;
use std::process::ExitCode;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{check, put, take_away};

/// Most of the time of a job is waiting.
const THREADS: usize = 8;
/// How many namespaces this user namespace may have.
const MOST: &str = "/proc/sys/user/max_net_namespaces";
const LIMIT: Duration = Duration::from_secs(20);
/// More than this much memory after the work than before it is a leak: 16 KiB for each namespace.
const TOLERATED_KIB: u64 = 16_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Descriptors, threads, and kibibytes of memory.
#[derive(Debug, Clone, Copy)]
struct Usage {
    descriptors: usize,
    threads: usize,
    resident: u64,
}

fn main() -> ExitCode {
    let number = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1000);
    match work(number) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn work(number: usize) -> Result<(), Failure> {
    lives(THREADS)?;
    let before = usage()?;
    println!("before: {before:?}");
    lives(number)?;
    until("descriptors or threads are left", || {
        let now = usage()?;
        Ok((now.descriptors, now.threads) == (before.descriptors, before.threads))
    })?;
    let after = usage()?;
    println!("after:  {after:?}");
    if after.resident > before.resident + TOLERATED_KIB {
        return Err("memory grew".into());
    }
    fs::write(MOST, "1")?;
    let start = Instant::now();
    until("network namespaces are kept alive", || Ok(Netns::anonymous().is_ok()))?;
    println!("the last namespace was gone after {:?}", start.elapsed());
    Ok(())
}

fn lives(number: usize) -> Result<(), Failure> {
    let start = Instant::now();
    let places = (0..number).map(|_| Netns::anonymous()).collect::<Result<Vec<_>, _>>()?;
    println!("{number} namespaces made in {:?}", start.elapsed());
    let each = |what, job: fn(&Netns) -> Result<(), Failure>| -> Result<(), Failure> {
        let start = Instant::now();
        scope(|threads| {
            let run = |part| threads.spawn(move || <[Netns]>::iter(part).try_for_each(job));
            let started: Vec<_> = places.chunks(number.div_ceil(THREADS)).map(run).collect();
            started.into_iter().try_for_each(|thread| thread.join().map_err(|_| "panicked")?)
        })?;
        println!("{what} in {number}: {:?}; {:?}", start.elapsed(), usage()?);
        Ok(())
    };
    each("apply", |place| Ok(put(place, "").map(drop)?))?;
    each("verify", |place| match check(place, "")?.differences.len() {
        0 => Ok(()),
        number => Err(format!("{number} differences").into()),
    })?;
    each("remove", |place| match take_away(place)?.was_there {
        true => Ok(()),
        false => Err("nothing was there".into()),
    })
}

fn usage() -> Result<Usage, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no VmRSS")?;
    let count = |folder| fs::read_dir(folder).map(Iterator::count);
    Ok(Usage {
        descriptors: count("/proc/self/fd")?,
        threads: count("/proc/self/task")?,
        resident: resident.parse()?,
    })
}

/// The kernel ends namespaces and threads a moment after the last handle is gone.
fn until(complaint: &str, done: impl Fn() -> Result<bool, Failure>) -> Result<(), Failure> {
    let limit = Instant::now() + LIMIT;
    while !done()? {
        if Instant::now() > limit {
            return Err(complaint.into());
        }
        sleep(Duration::from_millis(2));
    }
    Ok(())
}
