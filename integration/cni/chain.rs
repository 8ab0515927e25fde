//! Behind plugins of others: the node's bridge makes the interface, ours captures, and all of it goes.

use std::process::Command;

use nftdivert::demo::{Dial, EchoServer, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::assert_clean;
use nftdivert_integration::shell::{ip, nft, nft_list};
use serde_json::{Value, json};

use nftdivert_integration::caller::{Call, pod, state};

/// Where Debian's package containernetworking-plugins has it.
const BRIDGE: &str = "/usr/lib/cni/bridge";

/// A node of its own, with what the bridge keeps about addresses.
struct Node {
    place: Netns,
    data: tempfile::TempDir,
}

impl Node {
    fn new() -> Self {
        assert!(std::path::Path::new(BRIDGE).exists(), "{BRIDGE} is missing");
        Self { place: pod(), data: tempfile::tempdir().unwrap() }
    }

    fn bridge(
        &self,
        verb: &str,
        pod: &Netns,
        version: &str,
    ) -> nftdivert_integration::caller::Answer {
        let ipam =
            json!({ "type": "host-local", "subnet": "10.99.0.0/24", "dataDir": self.data.path() });
        let keys = json!({
            "cniVersion": version, "type": "bridge", "bridge": "cni0", "isGateway": true, "ipam": ipam,
        });
        let call = Call::new(verb, pod, keys).with("CNI_PATH", "/usr/lib/cni").inside(&self.place);
        let mut command = Command::new(BRIDGE);
        call.prepare(&mut command);
        call.run_as(command)
    }

    fn ours(
        &self,
        verb: &str,
        pod: &Netns,
        version: &str,
        result: &Value,
    ) -> nftdivert_integration::caller::Answer {
        let keys = json!({ "cniVersion": version, "prevResult": result });
        Call::new(verb, pod, keys).inside(&self.place).run()
    }
}

#[test]
fn point_7_behind_the_bridge_in_every_version_that_chains() {
    let node = Node::new();
    for version in ["0.3.0", "0.3.1", "0.4.0", "1.0.0"] {
        let pod = pod();
        let before = state(&pod);
        let result = node.bridge("ADD", &pod, version).done();
        let answer = node.ours("ADD", &pod, version, &result).done();
        assert_eq!(answer, result);
        assert_clean(&pod, "");
        if version >= "0.4.0" {
            node.ours("CHECK", &pod, version, &result).silent();
            node.bridge("CHECK", &pod, version);
        }
        // In reverse, as runtimes do.
        node.ours("DEL", &pod, version, &result).silent();
        assert!(nft_list(&pod, "tables").is_empty());
        assert_eq!(node.bridge("DEL", &pod, version).code, 0);
        assert_eq!(state(&pod), before);
    }
}

#[test]
fn point_7_what_comes_from_the_node_meets_the_proxys_port() {
    let node = Node::new();
    let pod = pod();
    let result = node.bridge("ADD", &pod, "1.0.0").done();
    node.ours("ADD", &pod, "1.0.0", &result).done();
    let address = result["ips"][0]["address"].as_str().unwrap().split('/').next().unwrap();
    assert!(ip(&pod, "addr show eth0").contains(address));
    let proxy = "0.0.0.0:15006".parse().unwrap();
    let _proxy = EchoServer::start(&pod, User::PROXY, "proxy", &[proxy]).unwrap();
    let to = format!("{address}:8080").parse().unwrap();
    let talk = Dial::new(User::APP, to).open(&node.place).unwrap();
    assert_eq!(talk.answer.name, "proxy");
    nft(&pod, "delete table inet nftdivert");
    assert!(Dial::new(User::APP, to).open(&node.place).is_err(), "captured by whom?");
}
