//! A node: namespaces in which a container runtime runs with its own network, mounts and processes.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nftdivert::net::netns::Netns;
use nftdivert_integration::ran::{Ran, finish};
use nftdivert_integration::shell::{ip, nft_list};

use crate::leases::{leases, names};
use crate::network::Network;
use nftdivert_integration::caller::binary;

const START: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime/node.sh");
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime");
const CGROUPS: &str = "/sys/fs/cgroup";
const PROGRAMS: [&str; 6] = ["sh", "cat", "httpd", "id", "nc", "sleep"];

/// A machine of its own as far as a runtime can tell. Everything that runs in it ends with it, for
/// its first process ends when this value, or the whole test, lets go of its standard input.
pub(crate) struct Node {
    init: Child,
    pid: u32,
    folder: tempfile::TempDir,
    /// The name of its cgroups, in every hierarchy.
    pub(crate) cgroup: String,
    /// Its network.
    pub(crate) netns: Netns,
}

impl Node {
    /// Starts one whose containers are to join this network.
    pub(crate) fn new(network: &Network) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let cgroup = format!("nftdivert-runtime-{}-{number}", std::process::id());
        let folder = tempfile::Builder::new().prefix("nftdivert-node").tempdir().unwrap();
        let [configs, plugins] = ["net.d", "plugins"].map(|name| folder.path().join(name));
        fs::create_dir(&configs).unwrap();
        fs::write(configs.join("10-lab.conflist"), network.conflist(folder.path())).unwrap();
        lay_out_plugins(&plugins);
        lay_out_root(&folder.path().join("root"));
        let (init, pid) = start(&configs, &plugins);
        let netns = Netns::of_pid(pid).unwrap();
        Self { init, pid, folder, cgroup, netns }
    }

    /// A file or folder of the node's that the test sees too.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The root file system of containers: busybox.
    pub(crate) fn root(&self) -> String {
        self.path("root")
    }

    /// A command that is to run in the node.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.pid.to_string(), "--net", "--mount", "--pid"]).args(words);
        command
    }

    /// Runs a program in the node, for so long at most.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        finish(&mut self.command(&[&["timeout", "60"], words].concat()), "")
    }

    /// The network of the process that has this number in the node.
    #[track_caller]
    pub(crate) fn netns_of(&self, pid: &str) -> Netns {
        self.netns_at(&format!("/proc/{pid}/ns/net"))
    }

    /// The network at a path of the node's.
    #[track_caller]
    pub(crate) fn netns_at(&self, path: &str) -> Netns {
        Netns::at(&self.inside(path.trim_start_matches('/'))).unwrap()
    }

    /// What is held for containers: network namespaces, addresses, links.
    pub(crate) fn held(&self) -> Vec<String> {
        let mut held = names(&self.inside("run/netns"));
        held.extend(leases(self.folder.path()));
        let links = ip(&self.netns, "-o link");
        held.extend(links.lines().filter(|line| line.contains("veth")).map(str::to_owned));
        held
    }

    /// Nothing is held for containers, and nobody has programmed the node itself.
    #[track_caller]
    pub(crate) fn is_free(&self) {
        assert_eq!(self.held(), Vec::<String>::new());
        assert_eq!(nft_list(&self.netns, "ruleset"), "");
    }

    fn inside(&self, path: &str) -> PathBuf {
        Path::new("/proc").join(self.pid.to_string()).join("root").join(path)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.init.stdin.take());
        // The kernel ends everybody in the node before its first process is gone.
        let _ = self.init.wait();
        for hierarchy in names(Path::new(CGROUPS)) {
            remove_groups(&Path::new(CGROUPS).join(hierarchy).join(&self.cgroup));
        }
    }
}

fn start(configs: &Path, plugins: &Path) -> (Child, u32) {
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--propagation=private", "--pid", "--fork", "bash", START]);
    command.args([configs, plugins]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut init = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(init.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pid = line.trim().parse().unwrap_or_else(|_| panic!("no node: {line:?}"));
    (init, pid)
}

/// Debian's plugins, ours, the witness and the meta-plugin.
fn lay_out_plugins(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let system = Path::new("/usr/lib/cni");
    for name in ["bridge", "host-local", "loopback"] {
        assert!(system.join(name).exists(), "{name}: install containernetworking-plugins");
        symlink(system.join(name), folder.join(name)).unwrap();
    }
    symlink(binary(), folder.join("nftdivert")).unwrap();
    for name in ["witness.py", "meta.py"] {
        symlink(Path::new(HERE).join(name), folder.join(name)).unwrap();
    }
}

fn lay_out_root(root: &Path) {
    for part in ["bin", "etc", "proc", "sys", "dev", "run", "tmp"] {
        fs::create_dir_all(root.join(part)).unwrap();
    }
    // The first user of a user namespace makes files there; to the node it is nobody special.
    for place in [root.parent().unwrap(), &root.join("run")] {
        fs::set_permissions(place, Permissions::from_mode(0o777)).unwrap();
    }
    fs::copy("/bin/busybox", root.join("bin/busybox")).expect("install busybox-static");
    for name in PROGRAMS {
        symlink("busybox", root.join("bin").join(name)).unwrap();
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n").unwrap();
    for name in ["resolv.conf", "hosts", "hostname"] {
        fs::write(root.join("etc").join(name), "").unwrap();
    }
}

fn remove_groups(group: &Path) {
    let below = fs::read_dir(group).into_iter().flatten().flatten();
    below.filter(|entry| entry.path().is_dir()).for_each(|entry| remove_groups(&entry.path()));
    let _ = fs::remove_dir(group);
}
