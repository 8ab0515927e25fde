//! The network that containers join: a bridge, addresses of both families, and our plugin after it.

use std::path::Path;

use serde_json::{Value, json};

/// A chain of plugins: bridge with host-local, nftdivert, and a witness of how they were called.
pub(crate) struct Network {
    version: &'static str,
    keys: Value,
}

impl Network {
    /// A network of this version of the specification; `keys` are our plugin's.
    pub(crate) fn new(version: &'static str, keys: Value) -> Self {
        Self { version, keys }
    }

    /// The list of plugins as runtimes read it; leases and the witness's log lie in `folder`.
    pub(crate) fn conflist(&self, folder: &Path) -> String {
        let mut ours = self.keys.clone();
        ours["type"] = "nftdivert".into();
        let plugins = [bridge(folder), ours, witness(folder)];
        json!({ "cniVersion": self.version, "name": "lab", "plugins": plugins }).to_string()
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
