//! A real runtime: podman with its CNI backend, the bridge plugin, and ours behind it.

use std::fs;
use std::path::Path;

use nftdivert_integration::ran::program;
use serde_json::Value;

use crate::caller::binary;

#[test]
fn podman_captures_a_container_and_lets_it_go() {
    let folder = tempfile::Builder::new().prefix("nftdivert-cni").tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("cni/podman.sh");
    let words = [
        "unshare",
        "--net",
        "--mount",
        "bash",
        script.to_str().unwrap(),
        folder.path().to_str().unwrap(),
        binary().to_str().unwrap(),
    ]
    .map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = program(&words, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    for seen in ["redirect to :15001", "meta skuid 4242", "from cni mesh eth0", "inet 10.97.0."] {
        assert!(ran.out.contains(seen), "{seen}: {ran:?}");
    }
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |verb: &str, message: &str| {
        lines.iter().any(|line| line["command"] == verb && line["message"] == message)
    };
    assert!(said("ADD", "pod captured") && said("DEL", "capture taken away"), "{log}");
}
