//! The network that containers join: a bridge, addresses of both families, and our plugin after it.

use std::path::Path;

use serde_json::{Value, json};

/// Bridge with host-local, nftdivert, and a witness of how they were called.
pub(crate) struct Network {
    version: &'static str,
    keys: Value,
    ours: Place,
}

/// Who calls our plugin.
enum Place {
    /// The runtime, after the bridge.
    Chained,
    /// A meta-plugin, as a network of its own.
    Standalone,
}

impl Network {
    /// A network of this version of the specification; `keys` are our plugin's.
    pub(crate) fn new(version: &'static str, keys: Value) -> Self {
        Self { version, keys, ours: Place::Chained }
    }

    /// A network that a meta-plugin makes: it calls the bridge and then ours as a network of its own, which
    /// has no result to chain to.
    pub(crate) fn by_meta(version: &'static str, keys: Value) -> Self {
        Self { version, keys, ours: Place::Standalone }
    }

    /// The list of plugins as runtimes read it; leases and the witness's log lie in `folder`.
    pub(crate) fn conflist(&self, folder: &Path) -> String {
        let mut ours = self.keys.clone();
        ours["type"] = "nftdivert".into();
        let plugins = match self.ours {
            Place::Chained => vec![bridge(folder), ours, witness(folder)],
            Place::Standalone => vec![self.meta(bridge(folder), ours), witness(folder)],
        };
        json!({ "cniVersion": self.version, "name": "lab", "plugins": plugins }).to_string()
    }

    fn meta(&self, bridge: Value, ours: Value) -> Value {
        let delegates = [("lab", bridge), ("mesh", ours)].map(|(name, mut delegate)| {
            delegate["name"] = name.into();
            delegate["cniVersion"] = match delegate["cniVersion"].take() {
                Value::Null => self.version.into(),
                said => said,
            };
            delegate
        });
        json!({ "type": "meta.py", "delegates": delegates })
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
