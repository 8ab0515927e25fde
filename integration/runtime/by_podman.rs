//! Containers that podman starts.

use serde_json::json;

use crate::network::Network;
use crate::node::Node;
use crate::podman::Podman;
use crate::traffic::is_captured;

#[test]
fn a_container_is_captured_and_freed() {
    for version in ["0.4.0", "1.0.0"] {
        let node = Node::new(&Network::new(version, json!({})));
        let podman = Podman::on(&node);
        podman.start("app", &[]).said();
        let netns = podman.netns("app");
        assert_eq!(node.leases().len(), 2);
        is_captured(&node, &netns, "", |words| podman.exec("app", words));
        podman.end("app").said();
        assert_eq!((node.calls("ADD").len(), node.calls("DEL").len()), (1, 1), "{version}");
        node.is_free();
    }
}

