//! Pods by way of the Container Runtime Interface: what a kubelet says to containerd.

use std::fs;

use nftdivert::net::netns::Netns;
use nftdivert_integration::ran::{Ran, finish, program};
use serde_json::{Value, json};

use crate::containerd::{Containerd, IMAGE, SOCKET};
use crate::node::Node;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime");
/// The name server that pods are given.
pub(crate) const NAME_SERVER: &str = "10.96.0.10";

/// Debian's: another one on the path may lack its modules.
const PYTHON: &str = "/usr/bin/python3";
const SECONDS: u32 = 10;

/// The interface of a containerd that has the image.
pub(crate) struct Cri<'a>(Containerd<'a>);

/// A pod's sandbox.
pub(crate) struct Sandbox<'a> {
    cri: &'a Cri<'a>,
    id: String,
    config: Value,
}

impl<'a> Cri<'a> {
    /// Starts containerd, with what the interface needs.
    #[track_caller]
    pub(crate) fn on(node: &'a Node) -> Self {
        let (root, archive, modules) = (node.root(), node.path("image.tar"), node.path("."));
        let pack = format!("{FOLDER}/image.py");
        program(&[PYTHON, &pack, &root, &archive, IMAGE], "").said();
        let out = format!("--python_out={modules}");
        program(&["protoc", "--proto_path", FOLDER, &out, "cri.proto"], "").said();
        let containerd = Containerd::on(node);
        let import = ["ctr", "--address", SOCKET, "--namespace", "k8s.io", "images", "import"];
        let ran = node.run(&[&import[..], &["--snapshotter", "native", &archive]].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        Self(containerd)
    }

    /// Starts the sandbox of the pod `name` of `namespace`.
    ///
    /// # Errors
    /// What the runtime says of a pod that does not start.
    pub(crate) fn start(
        &'a self,
        (namespace, name): (&str, &str),
        annotations: &Value,
    ) -> Result<Sandbox<'a>, String> {
        let node = self.0.node;
        let config = json!({
            "metadata": { "name": name, "uid": format!("uid-of-{name}"), "namespace": namespace },
            "hostname": name,
            "logDirectory": node.path("logs"),
            "annotations": annotations,
            "dnsConfig": { "servers": [NAME_SERVER], "searches": ["a.b"], "options": ["ndots:5"] },
            "linux": { "cgroupParent": format!("/{}", node.cgroup) },
        });
        let ran = self.call("RunPodSandbox", &json!({ "config": config }));
        if ran.code != 0 {
            return Err(ran.err);
        }
        let id = ran.json()["podSandboxId"].as_str().unwrap().to_owned();
        Ok(Sandbox { cri: self, id, config })
    }

    fn call(&self, method: &str, request: &Value) -> Ran {
        let node = self.0.node;
        let client = format!("{FOLDER}/cri.py");
        let mut command = node.command(&[PYTHON, &client, SOCKET, method]);
        command.env("PYTHONPATH", node.path("."));
        finish(&mut command, &request.to_string())
    }

    #[track_caller]
    fn ask(&self, method: &str, request: &Value) -> Value {
        let ran = self.call(method, request);
        assert_eq!(ran.code, 0, "{method}: {ran:?}");
        ran.json()
    }
}

impl Sandbox<'_> {
    /// Its network.
    #[track_caller]
    pub(crate) fn netns(&self) -> Netns {
        let request = json!({ "podSandboxId": self.id, "verbose": true });
        let status = self.cri.ask("PodSandboxStatus", &request);
        let info = status["info"]["info"].as_str().unwrap();
        let info: Value = serde_json::from_str(info).unwrap();
        self.cri.0.node.netns_of(&info["pid"].to_string())
    }

    /// Starts a container in it, and gives its id.
    #[track_caller]
    pub(crate) fn container(&self) -> String {
        fs::create_dir_all(self.cri.0.node.path("logs")).unwrap();
        let config = json!({
            "metadata": { "name": "app" },
            "image": { "image": IMAGE },
            "command": ["/bin/sleep", "600"],
            "logPath": "app.log",
        });
        let request =
            json!({ "podSandboxId": self.id, "config": config, "sandboxConfig": self.config });
        let made = self.cri.ask("CreateContainer", &request);
        self.cri.ask("StartContainer", &json!({ "containerId": made["containerId"] }));
        made["containerId"].as_str().unwrap().to_owned()
    }

    /// Runs a program in a container of it.
    pub(crate) fn exec(&self, container: &str, words: &[&str]) -> Ran {
        let request = json!({ "containerId": container, "cmd": words, "timeout": SECONDS });
        let mut ran = self.cri.call("ExecSync", &request);
        if ran.code == 0 {
            ran.out = text(&ran.json()["stdout"]);
        }
        ran
    }

    /// Ends it, as a kubelet does: stop comes twice.
    #[track_caller]
    pub(crate) fn end(self) {
        let request = json!({ "podSandboxId": self.id });
        for method in ["StopPodSandbox", "StopPodSandbox", "RemovePodSandbox"] {
            self.cri.ask(method, &request);
        }
    }
}

/// Bytes are base64 in JSON.
fn text(bytes: &Value) -> String {
    let coded = bytes.as_str().unwrap_or_default();
    program(&["base64", "--decode"], coded).out
}
