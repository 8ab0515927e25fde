//! Pods as a kubelet starts them.

use nftdivert_integration::shell::nft_list;
use serde_json::{Value, json};

use crate::cri::{Cri, NAME_SERVER};
use crate::network::Network;
use crate::node::Node;
use crate::traffic::{Parts, is_captured};
use nftdivert_integration::caller::policy;

#[test]
fn a_pod_is_captured_and_freed_over_and_over() {
    let node = Node::new(&Network::new("1.0.0", json!({})));
    let cri = Cri::on(&node);
    let sandbox = cri.start(("shop", "cart"), &json!({ "shop.example/owner": "me" })).unwrap();
    let container = sandbox.container();
    is_captured(&node, (&sandbox.netns(), &Parts::usual()), "", |words| {
        sandbox.exec(&container, words)
    });
    sandbox.end();
    let [added] = node.calls("ADD").try_into().unwrap();
    for word in ["K8S_POD_NAMESPACE=shop", "K8S_POD_NAME=cart"] {
        assert!(added.args().contains(word), "{added:?}");
    }
    let annotations = &added.given()["runtimeConfig"]["io.kubernetes.cri.pod-annotations"];
    assert_eq!(annotations, &json!({ "shop.example/owner": "me" }));
    // Two stops and a removal: after the first the namespace is gone, and so is what is known of it.
    let [first, second, third] = node.calls("DEL").try_into().unwrap();
    assert_eq!(first.netns(), added.netns());
    for later in [second, third] {
        assert_eq!((later.netns(), later.given().get("prevResult")), ("", None::<&Value>));
    }
    node.is_free();
}

#[test]
fn tproxy_works_while_containerd_sets_lo_up() {
    let keys = json!({ "policy": policy(json!({ "inbound": { "mode": "tproxy" } })) });
    let node = Node::new(&Network::new("1.0.0", keys));
    let cri = Cri::on(&node);
    let sandbox = cri.start(("shop", "cart"), &json!({})).unwrap();
    let container = sandbox.container();
    let text = "inbound: {mode: tproxy}";
    is_captured(&node, (&sandbox.netns(), &Parts::transparent()), text, |words| {
        sandbox.exec(&container, words)
    });
    sandbox.end();
    node.is_free();
}

#[test]
fn pods_of_the_system_are_left_alone() {
    let node = Node::new(&Network::new("0.4.0", json!({})));
    let cri = Cri::on(&node);
    let [system, other] = ["kube-system", "shop"].map(|namespace| {
        let sandbox = cri.start((namespace, "dns"), &json!({})).unwrap();
        nft_list(&sandbox.netns(), "ruleset")
    });
    assert_eq!(system, "");
    assert!(other.contains("table inet nftdivert"), "{other}");
}

#[test]
fn annotations_say_which_pods_are_captured_and_how() {
    let keys = json!({
        "source": "istio",
        "permit": ["inbound", "outbound"],
        "capabilities": { "io.kubernetes.cri.pod-annotations": true },
    });
    let node = Node::new(&Network::new("1.0.0", keys));
    let cri = Cri::on(&node);
    let rules = |name, annotations: &Value| {
        nft_list(&cri.start(("shop", name), annotations).unwrap().netns(), "ruleset")
    };
    // A kubelet gives every pod this one, and containerd passes nothing where there is none.
    let mut annotations = json!({ "kubernetes.io/config.source": "api" });
    assert_eq!(rules("bare", &annotations), "");
    annotations["sidecar.istio.io/status"] = "{}".into();
    let injected = rules("injected", &annotations);
    assert!(injected.contains("redirect to :15001") && !injected.contains("4321"), "{injected}");
    annotations["traffic.sidecar.istio.io/excludeOutboundPorts"] = "4321".into();
    let narrowed = rules("narrowed", &annotations);
    assert!(narrowed.contains("4321"), "{narrowed}");
}

#[test]
fn name_servers_are_those_that_the_runtime_says() {
    let keys = json!({
        "capabilities": { "dns": true },
        "policy": policy(json!({ "dns": { "capture": "listed" } })),
    });
    let node = Node::new(&Network::new("1.0.0", keys));
    let cri = Cri::on(&node);
    let sandbox = cri.start(("shop", "cart"), &json!({})).unwrap();
    let rules = nft_list(&sandbox.netns(), "ruleset");
    assert!(rules.contains(NAME_SERVER), "{rules}");
}

#[test]
fn with_a_wrong_policy_no_pod_starts_and_the_event_says_why() {
    let keys = json!({ "policy": policy(json!({ "outbound": { "excludePorts": [70000] } })) });
    let node = Node::new(&Network::new("1.0.0", keys));
    let cri = Cri::on(&node);
    let error = cri.start(("shop", "cart"), &json!({})).err().unwrap();
    for word in ["the network configuration is wrong", "policy.outbound.excludePorts", "70000"] {
        assert!(error.contains(word), "{word}: {error}");
    }
    node.is_free();
}
