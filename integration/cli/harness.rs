//! Runs the command, in a namespace or on one.

use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;

use nftdivert::net::netns::Netns;
use nftdivert_integration::ran;
pub(crate) use nftdivert_integration::ran::Ran;

/// The command.
pub(crate) fn binary() -> PathBuf {
    ran::built()
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
    ran::program(&[&[name], words].concat(), input)
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
