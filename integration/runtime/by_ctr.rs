//! Containers that containerd starts for ctr.

use serde_json::json;

use crate::containerd::Containerd;
use crate::network::Network;
use crate::node::Node;
use crate::traffic::{Parts, is_captured};

#[test]
fn a_container_is_captured_and_freed_without_its_namespace() {
    for version in ["0.4.0", "1.0.0"] {
        let node = Node::new(&Network::new(version, json!({})));
        let containerd = Containerd::on(&node);
        let running = containerd.start("app");
        let pod = running.netns();
        is_captured(&node, (&pod, &Parts::usual()), "", |words| running.exec(words));
        drop(pod);
        let (code, said) = running.end();
        // 128 and the number of the signal. ctr says by a line of the level error what fails in a DEL.
        assert_eq!(code, Some(137), "{said}");
        assert!(!said.contains("error") && !said.contains("ERROR"), "{said}");
        let (added, deleted) = (node.calls("ADD"), node.calls("DEL"));
        assert_eq!((added.len(), deleted.len()), (1, 1), "{version}");
        assert!(added[0].netns().starts_with("/proc/"), "{added:?}");
        assert_eq!(deleted[0].netns(), "");
        node.is_free();
    }
}
