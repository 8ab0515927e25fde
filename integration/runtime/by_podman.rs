//! Containers that podman starts.

use nftdivert_integration::shell::nft;
use serde_json::json;

use crate::network::Network;
use crate::node::Node;
use crate::podman::Podman;
use crate::traffic::{Parts, is_captured};
use nftdivert_integration::caller::{Call, policy};

#[test]
fn a_container_is_captured_and_freed() {
    for version in ["0.4.0", "1.0.0"] {
        let node = Node::new(&Network::new(version, json!({})));
        let podman = Podman::on(&node);
        podman.start("app", &[]).said();
        let pod = podman.netns("app");
        // A namespace, two addresses, and the node's end of the link.
        assert_eq!(node.held().len(), 4);
        is_captured(&node, (&pod, &Parts::usual()), "", |words| podman.exec("app", words));
        podman.end(&["app"]);
        assert_eq!((node.calls("ADD").len(), node.calls("DEL").len()), (1, 1), "{version}");
        node.is_free();
    }
}

#[test]
fn the_policy_of_the_network_is_what_holds() {
    let keys = json!({ "policy": policy(json!({ "inbound": { "excludePorts": [9] } })) });
    let node = Node::new(&Network::new("1.0.0", keys));
    let podman = Podman::on(&node);
    podman.start("app", &[]).said();
    let text = "inbound: {excludePorts: [9]}";
    is_captured(&node, (&podman.netns("app"), &Parts::usual()), text, |words| {
        podman.exec("app", words)
    });
}

#[test]
fn in_a_user_namespace_the_containers_own_ids_count() {
    let node = Node::new(&Network::new("1.0.0", json!({})));
    let podman = Podman::on(&node);
    podman.start("app", &["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"]).said();
    let pod = podman.netns("app");
    assert_ne!(pod.owner().unwrap().unwrap().id(), node.netns.owner().unwrap().unwrap().id());
    is_captured(&node, (&pod, &Parts::counted_from(100_000)), "", |words| {
        podman.exec("app", words)
    });
    podman.end(&["app"]);
    node.is_free();
}

#[test]
fn with_a_wrong_policy_no_container_starts_and_podman_says_why() {
    let keys = json!({ "policy": policy(json!({ "outbound": { "excludePorts": [70000] } })) });
    let node = Node::new(&Network::new("1.0.0", keys));
    let started = Podman::on(&node).start("app", &[]);
    assert_ne!(started.code, 0, "{started:?}");
    for word in ["the network configuration is wrong", "policy.outbound.excludePorts", "70000"] {
        assert!(started.err.contains(word), "{word}: {started:?}");
    }
    node.is_free();
}

#[test]
fn check_says_what_somebody_has_changed_in_a_container() {
    let node = Node::new(&Network::new("1.0.0", json!({})));
    let podman = Podman::on(&node);
    podman.start("app", &[]).said();
    let pod = podman.netns("app");
    let [added] = node.calls("ADD").try_into().unwrap();
    let previous = &added.given()["prevResult"];
    let keys = json!({ "name": "lab", "cniVersion": "1.0.0", "prevResult": previous });
    let check = Call::new("CHECK", &pod, keys).inside(&node.netns).with("CNI_ARGS", added.args());
    check.run().silent();
    for (damage, told) in [
        ("insert rule inet nftdivert output tcp dport 443 accept", "chain output"),
        ("flush chain inet nftdivert prerouting", "chain prerouting"),
        ("delete table inet nftdivert", "table inet nftdivert"),
    ] {
        nft(&pod, damage);
        let said = check.run().failed(101, &[told, "wanted", "found"]);
        println!("{damage}: {}", said["details"]);
    }
}
