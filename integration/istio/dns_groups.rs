//! With DNS capture, a query of the proxy is no call of the pod to itself, by whatever the proxy is
//! known.

use nftdivert::demo::{Ipv6Support, NameServerOptions, Transport, User};
use nftdivert_integration::fate::{Case, From, Stage};

use crate::mesh::{DNS, apply, fails, install, pod, stage, world};

const BY_USER: User = User::new(1337, 5);
const BY_GROUP: User = User::new(5, 1337);

/// A name server on the pod's own addresses, as caches on the node or in the pod are.
fn staged() -> Stage {
    let own = NameServerOptions {
        name: "own".to_owned(),
        member: User::ROOT.into(),
        addresses: pod(53).to_vec(),
        upstream: None,
    };
    let world = NameServerOptions::of_world(Ipv6Support::On);
    let proxy = NameServerOptions::of_proxy(Ipv6Support::On);
    let stage = stage().with_name_server(From::Pod, own).with_name_server(From::Pod, proxy);
    stage.with_name_server(From::Outside, world)
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, user) in [("user", BY_USER), ("group", BY_GROUP)] {
        for transport in [Transport::Udp, Transport::Tcp] {
            for own in pod(53) {
                cases.push(Case::ask(name, user, (transport, own), "direct answered by own"));
            }
            for mut world in world() {
                world.set_port(53);
                let wanted = "direct answered by resolver";
                cases.push(Case::ask(name, user, (transport, world), wanted));
            }
        }
    }
    cases
}

#[test]
fn the_proxys_own_queries_go_to_their_server() {
    let theirs = staged();
    install(&theirs.bed.pod, DNS);
    let told = ["group, Tcp -> 10.88.0.2:53: inbound", "group, Tcp -> [fd88::2]:53: inbound"];
    fails(&theirs.wrong(&cases()), &told);

    let ours = staged();
    for policy in ["", "proxy: {uids: [1337], gids: [1337]}\n"] {
        apply(&ours, &format!("{policy}dns: {{capture: all}}"));
        ours.all_right(&cases());
    }
    let by_group: Vec<Case> = cases().split_off(8);
    apply(&ours, "proxy: {uids: [], gids: [1337]}\ndns: {capture: all}");
    ours.all_right(&by_group);
}
