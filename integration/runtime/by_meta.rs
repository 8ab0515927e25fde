//! Containers whose meta-plugin calls ours as a network of its own.

use serde_json::json;

use crate::network::Network;
use crate::node::Node;
use crate::podman::Podman;
use crate::traffic::{Parts, is_captured};

#[test]
fn standalone_in_every_version_a_container_is_captured_and_freed() {
    // What a meta-plugin hands on has a version of its own, below that from which chains are known too.
    for version in ["0.2.0", "0.4.0", "1.0.0"] {
        let node = Node::new(&Network::by_meta("1.0.0", json!({ "cniVersion": version })));
        let podman = Podman::on(&node);
        podman.start("app", &[]).said();
        let pod = podman.netns("app");
        is_captured(&node, (&pod, &Parts::usual()), "", |words| podman.exec("app", words));
        podman.end(&["app"]);
        assert_eq!((node.calls("ADD").len(), node.calls("DEL").len()), (1, 1), "{version}");
        node.is_free();
    }
}

#[test]
fn standalone_a_container_that_cannot_be_captured_does_not_start() {
    let node = Node::new(&Network::by_meta("1.0.0", json!({ "polcy": {} })));
    let started = Podman::on(&node).start("app", &[]);
    assert_ne!(started.code, 0, "{started:?}");
    assert!(started.err.contains("polcy"), "{started:?}");
    node.is_free();
}
