//! The kernel's own word: which numbers nft counts packets by.

use nftdivert::net::ids::of_pid;
use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::{ip, nft, nft_list, program};

use crate::ids::MAP;
use crate::pod::Pod;

const PROXY: u32 = 1337;
const SEND: &str = "import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))";

/// Counts packets by uid and gid: 1337 as the pod counts, and as its runtime does.
const RULES: &str = "table inet seen {
    counter uid_1337 { }
    counter gid_1337 { }
    counter uid_101337 { }
    counter gid_101337 { }
    chain output {
        type filter hook output priority 0
        udp dport 9 meta skuid 1337 counter name uid_1337
        udp dport 9 meta skgid 1337 counter name gid_1337
        udp dport 9 meta skuid 101337 counter name uid_101337
        udp dport 9 meta skgid 101337 counter name gid_101337
    }
}";

/// What was counted in `place` when a process of the pod's proxy had sent one packet; `enter` are
/// the options of nsenter that lead into the pod.
fn counted(place: &Netns, pod: &Pod, enter: &[&str]) -> Vec<String> {
    nft(place, RULES);
    let pid = pod.pid().to_string();
    let proxy = PROXY.to_string();
    let mut words = vec!["nsenter", "--target", &pid];
    words.extend(enter);
    words.extend(["--setuid", &proxy, "--setgid", &proxy, "python3", "-c", SEND]);
    program(place, &words, "");
    let mut hits = Vec::new();
    let mut name = String::new();
    for line in nft_list(place, "counters").lines().map(str::trim) {
        if let Some(head) = line.strip_prefix("counter ") {
            head.trim_end_matches(" {").clone_into(&mut name);
        } else if line.starts_with("packets 1 ") {
            hits.push(name.clone());
        }
    }
    hits
}

/// The counters of the numbers that count by what the product says.
fn told(place: &Netns, pod: &Pod) -> Vec<String> {
    let maps = of_pid(pod.pid(), place).unwrap();
    let (uid, gid) = (maps.uids.outside(PROXY).unwrap(), maps.gids.outside(PROXY).unwrap());
    vec![format!("uid_{uid}"), format!("gid_{gid}")]
}

#[track_caller]
fn assert_same(mut counted: Vec<String>, mut told: Vec<String>, wanted: [&str; 2]) {
    counted.sort();
    told.sort();
    assert_eq!(counted, told);
    assert_eq!(counted, wanted);
}

fn with_lo() -> Netns {
    let space = Netns::anonymous().unwrap();
    ip(&space, "link set lo up");
    space
}

#[test]
fn where_the_runtime_owns_the_network_packets_have_the_outer_ids() {
    let space = with_lo();
    let pod = Pod::start(&space, "unshare --user").with_ids(MAP);
    let counted = counted(&space, &pod, &["--user"]);
    assert_same(counted, told(&space, &pod), ["gid_101337", "uid_101337"]);
}

#[test]
fn where_the_pod_owns_its_network_packets_have_its_own_ids() {
    let pod = Pod::start(&with_lo(), "unshare --user --net").with_ids(MAP);
    let place = pod.netns();
    ip(&place, "link set lo up");
    let counted = counted(&place, &pod, &["--user", "--net"]);
    assert_same(counted, told(&place, &pod), ["gid_1337", "uid_1337"]);
}

#[test]
fn without_a_user_namespace_packets_have_the_ids_of_their_sockets() {
    let space = with_lo();
    let pod = Pod::start(&space, "env");
    let counted = counted(&space, &pod, &["--net"]);
    assert_same(counted, told(&space, &pod), ["gid_1337", "uid_1337"]);
}
