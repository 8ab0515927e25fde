//! Programs run under strace: the system calls they make, and something injected into one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nftdivert::net::netns::Netns;

/// The first call that the product makes itself: it asks whose namespace it is in.
const FIRST: &str = "/proc/sys/net/core/netdev_budget";

/// One system call of a program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Its place among those of this name in its thread, from 1.
    pub nth: usize,
    /// As strace shows it, with arguments and result.
    pub shown: String,
}

/// How a run with an injection ended.
#[derive(Debug)]
pub struct Injected {
    /// What was said, and the exit status; of a program that was killed, the signal.
    pub output: Output,
    /// Whether the program made that call at all.
    pub is_hit: bool,
    /// How many calls of that name it made.
    pub made: usize,
    /// How long it took.
    pub took: Duration,
}

/// The calls that a program makes in `place` from the product's first on; the program must succeed.
#[track_caller]
pub fn calls(place: &Netns, program: &[&str]) -> Vec<Call> {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let mut command = Command::new("strace");
    command.args(["-f", "-s", "64", "-o"]).arg(log.path()).args(program);
    let output = run(place, &mut command);
    assert!(output.status.success(), "{program:?}: {output:?}");
    let log = read_to_string(log.path()).expect("the log");
    let (mut seen, mut found, mut has_begun) = (BTreeMap::new(), Vec::new(), false);
    let mut known = BTreeSet::new();
    for line in log.lines() {
        let Some((thread, shown)) = line.split_once(' ') else { continue };
        let shown = shown.trim_start();
        let Some((name, _)) = shown.split_once('(') else { continue };
        if name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            continue;
        }
        let nth = seen.entry((thread, name)).and_modify(|nth| *nth += 1).or_insert(1_usize);
        has_begun |= shown.contains(FIRST);
        if has_begun && known.insert((name, *nth)) {
            found.push(Call { name: name.to_owned(), nth: *nth, shown: shown.to_owned() });
        }
    }
    found
}

/// Runs the program in `place` with `what` injected into one of its calls, as strace's `--inject`
/// words it: `signal=KILL`, `error=EPERM`, `retval=4`.
#[track_caller]
pub fn inject(place: &Netns, program: &[&str], call: &Call, what: &str) -> Injected {
    inject_all(place, program, &call.name, &format!("{what}:when={}", call.nth))
}

/// The same with all calls of the name, or those that `what` picks.
#[track_caller]
pub fn inject_all(place: &Netns, program: &[&str], name: &str, what: &str) -> Injected {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let mut command = Command::new("strace");
    command.args(["-f", "-e"]).arg(format!("trace={name}")).arg("-o").arg(log.path());
    command.arg(format!("--inject={name}:{what}")).args(program);
    let start = Instant::now();
    let output = run(place, &mut command);
    let took = start.elapsed();
    let log = read_to_string(log.path()).expect("the log");
    let is_hit = ["INJECTED", "DELAYED", "killed by SIGKILL"].iter().any(|word| log.contains(word));
    let made = log.lines().filter(|line| line.contains(&format!(" {name}("))).count();
    Injected { output, is_hit, made, took }
}

fn run(place: &Netns, command: &mut Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = place.run(|| command.spawn()).expect("enter").expect("start strace");
    child.wait_with_output().expect("wait")
}
