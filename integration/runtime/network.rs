//! The network that containers join: a bridge, addresses of both families, and our plugin after it.

use std::path::Path;

use serde_json::{Value, json};

/// A chain of plugins: bridge with host-local, nftdivert, and a witness of how they were called.
pub(crate) struct Network {
    version: &'static str,
    capture: Value,
}

impl Network {
    /// A network of this version of the specification; `capture` are our plugin's keys.
    pub(crate) fn new(version: &'static str, capture: Value) -> Self {
        Self { version, capture }
    }

    /// The list of plugins as runtimes read it; leases and the witness's log lie in `folder`.
    pub(crate) fn conflist(&self, folder: &Path) -> String {
        let plugins = [bridge(folder), self.ours(), witness(folder)];
        json!({ "cniVersion": self.version, "name": "lab", "plugins": plugins }).to_string()
    }

    /// Our plugin's entry.
    pub(crate) fn ours(&self) -> Value {
        let mut entry = self.capture.clone();
        entry["type"] = "nftdivert".into();
        entry
    }

    /// What a plugin is given on its standard input for this entry of the list.
    pub(crate) fn request(&self, entry: Value, previous: Option<&Value>) -> Value {
        let mut request = entry;
        request["cniVersion"] = self.version.into();
        request["name"] = "lab".into();
        if let Some(previous) = previous {
            request["prevResult"] = previous.clone();
        }
        request
    }
}

/// The entry of the bridge: the node is every container's gateway.
pub(crate) fn bridge(folder: &Path) -> Value {
    json!({
        "type": "bridge",
        "bridge": "lab0",
        "isGateway": true,
        "hairpinMode": true,
        "ipam": {
            "type": "host-local",
            "dataDir": folder.join("leases"),
            "ranges": [[{ "subnet": "10.77.0.0/16" }], [{ "subnet": "fd77::/64" }]],
            "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
        },
    })
}

fn witness(folder: &Path) -> Value {
    let capabilities = json!({ "io.kubernetes.cri.pod-annotations": true });
    let log = folder.join("calls");
    json!({ "type": "witness.py", "log": log, "capabilities": capabilities })
}
