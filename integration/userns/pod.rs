//! A process that sleeps in namespaces of a test.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::net::netns::Netns;

const LIMIT: Duration = Duration::from_secs(5);

/// The process; it ends with this value.
pub(crate) struct Pod(Child);

impl Pod {
    /// Starts `words` and then `sleep`, in `place`, and waits until it sleeps.
    pub(crate) fn start(place: &Netns, words: &str) -> Self {
        let words: Vec<&str> = words.split_whitespace().chain(["sleep", "60"]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null());
        let pod = Self(place.run(|| command.spawn()).unwrap().unwrap());
        let start = Instant::now();
        while fs::read_to_string(pod.proc("comm")).unwrap().trim() != "sleep" {
            assert!(start.elapsed() < LIMIT, "{words:?} does not sleep");
            sleep(Duration::from_millis(5));
        }
        pod
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Writes both maps of its user namespace.
    pub(crate) fn with_ids(self, map: &str) -> Self {
        fs::write(self.proc("uid_map"), map).unwrap();
        fs::write(self.proc("gid_map"), map).unwrap();
        self
    }

    pub(crate) fn netns(&self) -> Netns {
        Netns::of_pid(self.pid()).unwrap()
    }

    fn proc(&self, file: &str) -> std::path::PathBuf {
        Path::new("/proc").join(self.pid().to_string()).join(file)
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
