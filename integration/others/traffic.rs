//! What connections meet: two captures at once, and ours alone.

use std::net::SocketAddr;

use nftdivert::demo::{Dial, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::Fixture;
use nftdivert_integration::shell::nft;

use crate::scenery::{
    ISTIO_NATIVE, ISTIO_V4, ISTIO_V6, LEGACY4, LEGACY6, LINKERD, NFT4, NFT6, take_over,
};

/// The mesh's proxy is gone: nobody listens on the ports that its rules lead to.
fn deserted(rules: &str) -> String {
    [("15001", "15101"), ("15006", "15106"), ("4140", "4240"), ("4143", "4243")]
        .into_iter()
        .fold(rules.to_owned(), |rules, (port, other)| rules.replace(port, other))
}

fn both_ways(fixture: &Fixture, world: SocketAddr, pod: SocketAddr) {
    fixture.captured_outbound(User::APP, world);
    fixture.direct(User::PROXY, world, "world");
    fixture.captured_inbound(pod);
    fixture.self_call(User::PROXY, pod);
}

#[track_caller]
fn ends(family: usize, install: impl Fn(&Netns)) {
    let fixture = Fixture::new("");
    let world = at(["192.0.2.10", "2001:db8::10"], 80)[family];
    let pod = at(["10.88.0.2", "fd88::2"], 8080)[family];
    both_ways(&fixture, world, pod);
    install(&fixture.bed.pod);
    // Of two nat chains of one priority the newer one sees the packet first.
    for (place, to) in [(&fixture.bed.pod, world), (&fixture.bed.peer, pod)] {
        let refused = Dial::new(User::APP, to).open(place);
        assert!(refused.is_err(), "{to}: the mesh's rules do nothing, so their end shows nothing");
    }
    take_over(&fixture.bed.pod);
    both_ways(&fixture, world, pod);
}

#[test]
fn ours_is_alone_after_a_take_over_from_iptables_legacy() {
    ends(0, |pod| LEGACY4.restore(pod, &deserted(ISTIO_V4)));
    ends(1, |pod| LEGACY6.restore(pod, &deserted(ISTIO_V6)));
    ends(0, |pod| LEGACY4.restore(pod, &deserted(LINKERD)));
}

#[test]
fn ours_is_alone_after_a_take_over_from_iptables_nft() {
    ends(0, |pod| NFT4.restore(pod, &deserted(ISTIO_V4)));
    ends(1, |pod| NFT6.restore(pod, &deserted(ISTIO_V6)));
    ends(0, |pod| NFT4.restore(pod, &deserted(LINKERD)));
}

#[test]
fn ours_is_alone_after_a_take_over_from_nft() {
    ends(0, |pod| nft(pod, &deserted(ISTIO_NATIVE)));
}
