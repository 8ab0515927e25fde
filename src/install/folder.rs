//! The node's network configuration as a value: the folder's files, and what stands in the other
//! folder, of the plugins' binaries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The name of our binary, which is the plugin's type.
pub const BINARY: &str = "nftdivert";

/// How the names of our temporary files begin; they end in nothing that a runtime reads.
pub const TEMP: &str = ".nftdivert-tmp.";

/// How the name begins under which one of our files and one of the folder change places. It may hold
/// somebody's file, so that it is looked at before it goes.
pub(super) const ASIDE: &str = ".nftdivert-aside.";

/// The name of the lock by which runs of ours take turns.
pub(super) const LOCK: &str = ".nftdivert-lock";

/// The longest file that is read, in bytes: real ones have some thousand.
pub const LONGEST: u64 = 1024 * 1024;

/// The endings of the names that runtimes read.
const ENDINGS: [&str; 3] = ["conf", "conflist", "json"];

/// A folder of network configuration: names and what they stand for.
pub type Folder = BTreeMap<String, Found>;

/// What a name in the folder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file that can be read.
    File(File),
    /// A folder; runtimes do not look at it.
    Folder,
    /// Something that a runtime can't read either, and why.
    Passed(String),
    /// Something that a runtime may be able to read while we can't, and why.
    Unknown(String),
}

/// A file.
#[derive(Clone, Debug, Eq)]
pub struct File {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Its permissions, the lowest twelve bits of `st_mode`.
    pub mode: u32,
    /// If the name is a symbolic link: where it leads, as it is written there.
    pub link: Option<PathBuf>,
    /// Whose it is; `None` for whoever writes it.
    pub owner: Option<Owner>,
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// The owner is not compared: who may not give files away would never come to an end.
impl PartialEq for File {
    fn eq(&self, other: &File) -> bool {
        (&self.bytes, self.mode, &self.link) == (&other.bytes, other.mode, &other.link)
    }
}

/// The folder of the binaries, as far as it matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// The names of the files that can be executed.
    pub plugins: BTreeSet<String>,
    /// The state of ours.
    pub ours: OurBinary,
    /// Temporary files that a run of ours left behind.
    pub temps: BTreeSet<String>,
}

/// Our binary in the folder of the binaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OurBinary {
    /// It is not there.
    #[default]
    Absent,
    /// Something else stands under its name: another version, or not executable.
    Other,
    /// It is there, byte for byte, and executable.
    Current,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The folder of the network configuration.
    pub conf: Folder,
    /// The folder of the binaries.
    pub bin: Bin,
    /// Files of credentials that kept originals name, and that are not there any more.
    pub gone: BTreeSet<PathBuf>,
}

/// Whether runtimes read a file of this name.
#[must_use]
pub(super) fn is_read(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// The name without its ending, if runtimes read it.
#[must_use]
pub(super) fn stem(name: &str) -> &str {
    if is_read(name) { name.rsplit_once('.').map_or(name, |(stem, _)| stem) } else { name }
}

/// The file of this name.
#[must_use]
pub(super) fn file<'f>(folder: &'f Folder, name: &str) -> Option<&'f File> {
    match folder.get(name) {
        Some(Found::File(file)) => Some(file),
        Some(Found::Folder | Found::Passed(_) | Found::Unknown(_)) | None => None,
    }
}

impl File {
    /// A file that is no link.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>, mode: u32) -> File {
        File { bytes: bytes.into(), mode, link: None, owner: None }
    }

    /// A file in the place of this one: whose it was, as it could be read, and no link.
    #[must_use]
    pub(super) fn with(&self, bytes: Vec<u8>) -> File {
        File { bytes, link: None, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_runtimes_read() {
        for name in ["10-a.conf", "10-a.conflist", "a.json", ".conf", ".hidden.conf"] {
            assert!(is_read(name), "{name}");
        }
        for name in ["10-a.conf.bak", "conf", "a.CONF", ".nftdivert-tmp.1", "a.conflist~", ""] {
            assert!(!is_read(name), "{name}");
        }
        assert_eq!(stem("10-a.conf"), "10-a");
    }
}
