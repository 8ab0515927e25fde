//! Runs the command, in a namespace or on one.

use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nftdivert::net::netns::Netns;

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The release build.
pub(crate) fn binary() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/nftdivert");
    assert!(path.exists(), "{} is missing: run `cargo build --release`", path.display());
    path.canonicalize().unwrap()
}

/// Runs the command as it is.
pub(crate) fn nftdivert(words: &[&str]) -> Ran {
    program(binary().to_str().unwrap(), words, "")
}

/// Runs the command with this on its standard input.
pub(crate) fn with_input(words: &[&str], input: &str) -> Ran {
    program(binary().to_str().unwrap(), words, input)
}

pub(crate) fn program(name: &str, words: &[&str], input: &str) -> Ran {
    let mut child = Command::new(name)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    // A command that needs no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    Ran {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// A namespace with `lo` up, and the path by which the command finds it.
pub(crate) struct Place {
    pub(crate) netns: Netns,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { netns: Netns::anonymous().unwrap() };
        place.sh("ip link set lo up");
        place
    }

    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.netns.as_fd().as_raw_fd())
    }

    /// Runs `nftdivert WORDS --netns PATH`.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let path = self.path();
        nftdivert(&[words, &["--netns", &path]].concat())
    }

    /// Runs a shell line inside.
    pub(crate) fn sh(&self, line: &str) -> Ran {
        self.netns.run(|| program("sh", &["-c", line], "")).unwrap()
    }

    /// All that nf_tables holds inside.
    pub(crate) fn rules(&self) -> String {
        let listed = self.sh("nft list ruleset");
        assert_eq!(listed.code, 0, "{listed:?}");
        listed.out
    }
}
