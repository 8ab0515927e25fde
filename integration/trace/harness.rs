//! Runs a trace beside traffic.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::JoinHandle;

use nftdivert::demo::bed::{POD_V4, POD_V6, WORLD_V4, WORLD_V6};
use nftdivert::net::netns::Netns;
use nftdivert_integration::caller::{binary, path_of};
use nftdivert_integration::ran::{Ran, program};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// A trace that runs.
pub(crate) struct Running {
    child: Child,
    errors: BufReader<ChildStderr>,
    said: String,
    printed: JoinHandle<String>,
}

/// How a trace ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Starts `nftdivert trace LINE` on a namespace; packets are traced when this returns.
#[track_caller]
pub(crate) fn start(place: &Netns, line: &str) -> Running {
    let mut command = Command::new(binary());
    command.arg("trace").args(line.split_whitespace()).args(["--netns", &path_of(place)]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let printed = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        text
    });
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("ctrl-c ends it") {
        let read = errors.read_line(&mut said).unwrap();
        assert_ne!(read, 0, "no trace began: {said}");
    }
    Running { child, errors, said, printed }
}

impl Running {
    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn end(self) -> Ended {
        self.signal(Signal::SIGINT);
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        self.errors.read_to_string(&mut self.said).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ended { code, out: self.printed.join().unwrap(), err: self.said }
    }
}

impl Ended {
    /// The packets that it told, of a trace that ended well and lost nothing.
    #[track_caller]
    pub(crate) fn packets(&self) -> Vec<Value> {
        assert_eq!(self.code, 0, "{self:?}");
        let packets: Vec<Value> =
            self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let summary = format!("trace: packets: {}, events lost: 0\n", packets.len());
        assert!(self.err.ends_with(&summary), "{summary}: {self:?}");
        packets
    }

    /// The first packet to this destination.
    #[track_caller]
    pub(crate) fn first(&self, to: SocketAddr) -> Value {
        self.to(to).first().unwrap_or_else(|| panic!("no packet to {to}: {self:?}")).clone()
    }

    /// The packets to this destination.
    #[track_caller]
    pub(crate) fn to(&self, to: SocketAddr) -> Vec<Value> {
        let is_to = |packet: &Value| {
            packet["destination"] == to.ip().to_string() && packet["destinationPort"] == to.port()
        };
        self.packets().into_iter().filter(is_to).collect()
    }
}

/// Runs `nftdivert trace LINE` on a namespace to its end.
#[track_caller]
pub(crate) fn run(place: &Netns, line: &str) -> Ran {
    let (program_, path) = (binary(), path_of(place));
    let mut words = vec![program_.to_str().unwrap(), "trace"];
    words.extend(line.split_whitespace());
    words.extend(["--netns", &path]);
    program(&words, "")
}

/// Asserts the verdict, and the last step that decided: its chain and its rule in nft syntax.
#[track_caller]
pub(crate) fn is(packet: &Value, verdict: &str, chain: &str, nft: &str) {
    assert_eq!(packet["verdict"], verdict, "{packet:#}");
    let steps = packet["steps"].as_array().unwrap();
    let has = |step: &Value| step["chain"] == chain && step["nft"] == nft;
    assert!(steps.iter().any(has), "{chain}: {nft}: {packet:#}");
}

/// Both families of the world.
pub(crate) fn world(port: u16) -> [SocketAddr; 2] {
    [(WORLD_V4, port).into(), (WORLD_V6, port).into()]
}

/// Both families of the pod.
pub(crate) fn pod(port: u16) -> [SocketAddr; 2] {
    [(POD_V4, port).into(), (POD_V6, port).into()]
}
