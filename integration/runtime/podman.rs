//! podman with its CNI backend.

use std::fs;

use nftdivert::net::netns::Netns;
use nftdivert_integration::ran::Ran;

use crate::node::Node;

const SETTINGS: &str = r#"[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[network]
network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "/etc/cni/net.d"
default_network = "lab"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
"#;

/// podman on a node.
pub(crate) struct Podman<'a>(&'a Node);

impl<'a> Podman<'a> {
    pub(crate) fn on(node: &'a Node) -> Self {
        fs::write(node.path("containers.conf"), SETTINGS).unwrap();
        Self(node)
    }

    /// Starts a container that sleeps; `options` are more words for `podman run`.
    pub(crate) fn start(&self, name: &str, options: &[&str]) -> Ran {
        let (group, root) = (format!("--cgroup-parent={}", self.0.cgroup), self.0.root());
        // podman makes conmon's cgroup in several steps, and complains where runs that start at
        // once meet.
        let mut words = vec!["run", "--detach", "--cgroups=no-conmon", "--name", name];
        words.extend(["--net", "lab", &group]);
        words.extend(options);
        words.extend(["--rootfs", &root, "/bin/sleep", "600"]);
        self.run(&words)
    }

    /// Runs a program in a container.
    pub(crate) fn exec(&self, name: &str, words: &[&str]) -> Ran {
        self.run(&[&["exec", "--user", "1000", name], words].concat())
    }

    /// The network of a container.
    #[track_caller]
    pub(crate) fn netns(&self, name: &str) -> Netns {
        let inspected = self.run(&["inspect", "--format", "{{.State.Pid}}", name]);
        self.0.netns_of(inspected.said())
    }

    /// Ends containers.
    #[track_caller]
    pub(crate) fn end(&self, names: &[&str]) {
        let ended = self.run(&[&["rm", "--force", "--time", "0"], names].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
    }

    fn run(&self, words: &[&str]) -> Ran {
        let (storage, settings) = (self.0.path("storage"), self.0.path("containers.conf"));
        let settings = format!("CONTAINERS_CONF={settings}");
        let fixed = ["env", &settings, "podman", "--root", &storage, "--runroot", "/run/podman"];
        self.0.run(&[&fixed[..], &["--storage-driver", "vfs"], words].concat())
    }
}
