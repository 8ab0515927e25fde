//! The keys of a network configuration: ours, the specification's, and those that are a mistake.

use crate::policy::{Fault, nearest, shown};

use super::Object;

/// Keys that are ours.
const OURS: [&str; 7] =
    ["policy", "source", "permit", "excludeNamespaces", "daemonSocket", "logLevel", "logFile"];

/// Keys of the specification and its conventions: those that mean nothing here are passed over.
const OF_CNI: [&str; 16] = [
    "cniVersion",
    "cniVersions",
    "name",
    "type",
    "prevResult",
    "capabilities",
    "runtimeConfig",
    "args",
    "ipMasq",
    "ipam",
    "dns",
    "disableCheck",
    "disableGC",
    "loadOnlyInlinedPlugins",
    // Multus says these to the delegates of a pod with a device.
    "deviceID",
    "pciBusID",
];

/// Names the keys that nobody knows.
pub(super) fn check(object: &Object, faults: &mut Vec<Fault>) {
    let is_known =
        |key: &str| OURS.contains(&key) || OF_CNI.contains(&key) || key.starts_with("cni.dev/");
    for key in object.keys().filter(|key| !is_known(key)) {
        let meant = nearest(key, &OURS).map(|key| format!("; is {key} meant?"));
        let ours = || format!("; the keys of nftdivert are {}", OURS.join(", "));
        let reason = format!("is not a key{}", meant.unwrap_or_else(ours));
        faults.push(Fault::new(&shown(key), None, reason));
    }
}
