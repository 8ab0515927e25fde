//! containerd on a node.

use std::fs::{self, File};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::net::netns::Netns;
use nftdivert_integration::ran::Ran;

use crate::node::Node;

/// Where it listens, inside the node.
pub(crate) const SOCKET: &str = "/run/containerd.sock";
/// The image that sandboxes and containers are of.
pub(crate) const IMAGE: &str = "localhost/lab:1";

const LIMIT: Duration = Duration::from_secs(20);
const SETTINGS: &str = r#"version = 2
root = "/run/containerd/root"
state = "/run/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
    "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/lab:1"
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
"#;

/// The daemon; it ends with its node.
pub(crate) struct Containerd<'a> {
    pub(crate) node: &'a Node,
    entered: Child,
}

impl<'a> Containerd<'a> {
    /// Starts it and waits until it answers.
    #[track_caller]
    pub(crate) fn on(node: &'a Node) -> Self {
        fs::write(node.path("config.toml"), SETTINGS).unwrap();
        let log = File::create(node.path("log")).unwrap();
        let settings = node.path("config.toml");
        let mut daemon = node.command(&["containerd", "--config", &settings]);
        daemon.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let entered = daemon.spawn().unwrap();
        let (started, containerd) = (Instant::now(), Self { node, entered });
        while containerd.ctr(&["version"]).code != 0 {
            let said = fs::read_to_string(node.path("log")).unwrap();
            assert!(started.elapsed() < LIMIT, "containerd does not answer:\n{said}");
            sleep(Duration::from_millis(20));
        }
        containerd
    }

    /// Runs ctr on what belongs to the node.
    pub(crate) fn ctr(&self, words: &[&str]) -> Ran {
        self.node
            .run(&[&["ctr", "--address", SOCKET, "--namespace", &self.node.cgroup], words].concat())
    }

    /// Starts a container that sleeps in the network of the list.
    #[track_caller]
    pub(crate) fn start(&self, name: &str) -> Running<'_> {
        let (namespace, root) = (&self.node.cgroup, self.node.root());
        let mut ctr = self.node.command(&["ctr", "--address", SOCKET, "--namespace", namespace]);
        ctr.args(["run", "--rm", "--cni", "--rootfs", &root, name, "/bin/sleep", "600"]);
        let log = File::create(self.node.path(name)).unwrap();
        ctr.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let running =
            Running { containerd: self, name: name.to_owned(), ctr: ctr.spawn().unwrap() };
        let started = Instant::now();
        while running.pid().is_none() {
            let said = running.said();
            assert!(started.elapsed() < LIMIT, "{name} does not run: {said}");
            sleep(Duration::from_millis(20));
        }
        running
    }
}

impl Drop for Containerd<'_> {
    fn drop(&mut self) {
        // What waits for the daemon; that one goes with its node.
        let _ = self.entered.kill();
        let _ = self.entered.wait();
    }
}

/// A container and the ctr that waits for its end.
pub(crate) struct Running<'a> {
    containerd: &'a Containerd<'a>,
    name: String,
    ctr: Child,
}

impl Running<'_> {
    /// Its network.
    #[track_caller]
    pub(crate) fn netns(&self) -> Netns {
        self.containerd.node.netns_of(&self.pid().expect("a container that runs"))
    }

    /// Runs a program in it.
    pub(crate) fn exec(&self, words: &[&str]) -> Ran {
        let fixed = ["task", "exec", "--exec-id", "1", "--user", "1000", &self.name];
        self.containerd.ctr(&[&fixed, words].concat())
    }

    /// Ends it and waits until ctr has cleaned up: its exit code, and what it said.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        self.containerd.ctr(&["task", "kill", "--signal", "9", &self.name]).said();
        let code = self.ctr.wait().unwrap().code();
        (code, self.said())
    }

    fn pid(&self) -> Option<String> {
        let list = self.containerd.ctr(&["task", "ls"]).out;
        let lines = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut found = lines.filter(|words| words.len() == 3 && words[0] == self.name);
        found.find(|words| words[2] == "RUNNING").map(|words| words[1].to_owned())
    }

    fn said(&self) -> String {
        fs::read_to_string(self.containerd.node.path(&self.name)).unwrap()
    }
}
