//! A namespace that cnitool, the specification's own caller, adds to the network.

use std::path::PathBuf;

use nftdivert_integration::ran::Ran;
use nftdivert_integration::shell::nft;
use serde_json::{Value, json};

use crate::network::Network;
use crate::node::Node;
use crate::traffic::{Parts, is_captured};

const POD: &str = "/run/netns/pod";

fn cnitool(node: &Node, verb: &str) -> Ran {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/cnitool/cnitool"));
    assert!(path.exists(), "{}: run integration/runtime/cnitool.sh", path.display());
    let places = ["env", "NETCONFPATH=/etc/cni/net.d", "CNI_PATH=/opt/cni/bin"];
    let args = "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart";
    node.run(&[&places[..], &[args, path.to_str().unwrap(), verb, "lab", POD]].concat())
}

/// Runs words for a container's shell as the machine's own busybox does, for there is no container.
fn exec(node: &Node, words: &[&str]) -> Ran {
    let [_, _, script] = words else { panic!("{words:?}") };
    let inside = ["nsenter", "--net=/run/netns/pod", "setpriv", "--reuid=1000", "--clear-groups"];
    node.run(&[&inside[..], &["sh", "-c", &format!("busybox {script}")]].concat())
}

#[test]
fn a_namespace_is_added_checked_and_deleted() {
    for version in ["0.4.0", "1.0.0"] {
        let node = Node::new(&Network::new(version, json!({})));
        node.run(&["ip", "netns", "add", "pod"]).said();
        node.run(&["ip", "-n", "pod", "link", "set", "lo", "up"]).said();
        let added = cnitool(&node, "add");
        let result: Value = serde_json::from_str(&added.out).unwrap();
        assert_eq!(result["cniVersion"], version);
        assert_eq!(cnitool(&node, "check").code, 0);

        let pod = node.netns_at(POD);
        is_captured(&node, (&pod, &Parts::usual()), "", |words| exec(&node, words));

        nft(&pod, "delete table inet nftdivert");
        let check = cnitool(&node, "check");
        assert_eq!(check.code, 1, "{check:?}");
        assert!(check.err.contains("capture is not as the policy says"), "{check:?}");
        drop(pod);
        for _ in 0..2 {
            assert_eq!(cnitool(&node, "del").code, 0);
        }
        node.run(&["ip", "netns", "delete", "pod"]).said();
        node.is_free();
    }
}
