//! Pods as a kubelet starts them.

use nftdivert_integration::shell::nft_list;
use serde_json::json;

use crate::cri::Cri;
use crate::network::Network;
use crate::node::Node;
use crate::traffic::is_captured;

#[test]
fn a_pod_is_captured_and_freed_twice() {
    let node = Node::new(&Network::new("1.0.0", json!({})));
    let cri = Cri::on(&node);
    let sandbox = cri.start(("shop", "cart"), json!({ "shop.example/owner": "me" })).unwrap();
    let container = sandbox.container();
    is_captured(&node, &sandbox.netns(), "", |words| sandbox.exec(&container, words));
    sandbox.end();
    let [added] = node.calls("ADD").try_into().unwrap();
    assert!(added.args().contains("K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart"), "{added:?}");
    let annotations = &added.given()["runtimeConfig"]["io.kubernetes.cri.pod-annotations"];
    assert_eq!(annotations, &json!({ "shop.example/owner": "me" }));
    let deleted = node.calls("DEL");
    let last = deleted.last().unwrap();
    assert_eq!(deleted.len(), 3);
    assert_eq!((last.netns(), last.given().get("prevResult")), ("", None));
    node.is_free();
}
