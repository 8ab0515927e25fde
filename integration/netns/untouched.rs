//! What is not TCP is not touched.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::demo::User;
use nftdivert_integration::datagram::{ping, udp_echo};
use nftdivert_integration::fixture::Fixture;

use crate::scenery::{pod, pod_on, world, world_on};

/// Every rule that can hold: excludes and includes, few and many.
const POLICIES: [&str; 3] = [
    "",
    "outbound: {ranges: [0.0.0.0/0, '::/0'], includePorts: [53, 80]}\ninbound: {ports: [53, 80]}",
    "outbound: {ranges: [127.0.0.0/8, 0.0.0.0/1, '::/0'], includePorts: [1-9, 53, 60, 70, 80, 90]}\n\
     inbound: {ports: [1-9, 53, 60, 70, 80, 90]}",
];

#[test]
fn udp_leaves_and_comes_unchanged() {
    for policy in POLICIES {
        let fixture = Fixture::new(policy);
        let (inside, outside) = (&fixture.bed.pod, &fixture.bed.peer);
        for port in [53, 80, 15001, 15006] {
            for (to, own) in world_on(port).into_iter().zip(pod()) {
                let (asker, answerer) = udp_echo((inside, User::APP), outside, to).unwrap();
                assert_eq!((asker.ip(), answerer), (own.ip(), to), "{policy}");
            }
            for to in pod_on(port) {
                let (_, answerer) = udp_echo((outside, User::ROOT), inside, to).unwrap();
                assert_eq!(answerer, to, "{policy}");
            }
        }
        assert!(fixture.proxy.seen().is_empty());
    }
}

#[test]
fn udp_of_the_pod_to_itself_is_unchanged() {
    let fixture = Fixture::new("");
    for user in [User::APP, User::PROXY] {
        for to in pod_on(53) {
            let pod = &fixture.bed.pod;
            let (asker, answerer) = udp_echo((pod, user), pod, to).unwrap();
            assert_eq!((asker.ip(), answerer), (to.ip(), to));
        }
    }
}

#[test]
fn icmp_leaves_and_comes_unchanged() {
    for policy in POLICIES {
        let fixture = Fixture::new(policy);
        for to in world() {
            ping(&fixture.bed.pod, to.ip()).unwrap();
        }
        for to in pod() {
            ping(&fixture.bed.peer, to.ip()).unwrap();
            ping(&fixture.bed.pod, to.ip()).unwrap();
        }
    }
}
