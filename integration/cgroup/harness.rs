//! Groups of a test's own, and programs in and around them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use nftdivert::net::netns::Netns;
use nftdivert_integration::ran::built;
pub(crate) use nftdivert_integration::ran::{Ran, program};
use nftdivert_integration::shell::ip;

/// The command.
pub(crate) fn binary() -> String {
    built().to_str().unwrap().to_owned()
}

/// Runs `nftdivert exec WORDS`.
pub(crate) fn exec(words: &[&str]) -> Ran {
    let binary = binary();
    program(&[&[binary.as_str(), "exec"], words].concat(), "")
}

/// Runs a bash script in a mount namespace of its own, with `$1`, `$2`... as given. Commands that
/// fail end it.
pub(crate) fn among_own_mounts(script: &str, words: &[&str]) -> Ran {
    let unshare = ["unshare", "--mount", "--propagation", "private", "bash", "-euc", script, "-"];
    program(&[unshare.as_slice(), words].concat(), "")
}

/// A namespace with `lo` up.
pub(crate) fn place() -> Netns {
    let place = Netns::anonymous().unwrap();
    ip(&place, "link set lo up");
    place
}

/// Where cgroup2 is mounted, read without the code under test.
pub(crate) fn mount_point() -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let line = mounts.lines().find(|line| line.contains(" - cgroup2 ")).expect("cgroup2, mounted");
    let fields: Vec<&str> = line.split(' ').collect();
    assert_eq!(fields[3], "/", "the whole of cgroup2, mounted: {line}");
    fields[4].into()
}

/// A cgroup v2 of a test, removed with all below at its end.
pub(crate) struct Group {
    /// The path as a policy names it.
    pub(crate) path: String,
    /// Its directory.
    pub(crate) directory: PathBuf,
}

impl Group {
    pub(crate) fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("nftdivert-test-{}-{nth}", std::process::id());
        let directory = mount_point().join(&name);
        fs::create_dir(&directory).unwrap();
        Self { path: format!("/{name}"), directory }
    }

    /// Makes groups below.
    pub(crate) fn with(self, below: &str) -> Self {
        fs::create_dir_all(self.directory.join(below)).unwrap();
        self
    }

    /// The path of a group below.
    pub(crate) fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// Whether there is a group of this name below.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.directory.join(name).exists()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        remove(&self.directory);
    }
}

fn remove(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    // A process that has just ended may still be in it.
    for _ in 0..50 {
        if fs::remove_dir(directory).is_ok() || !directory.exists() {
            return;
        }
        sleep(Duration::from_millis(20));
    }
    eprintln!("{} is left", directory.display());
}
