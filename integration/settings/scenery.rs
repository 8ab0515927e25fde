//! Who is where, and who is taken for the proxy.

use std::net::SocketAddr;

use nftdivert::demo::{Dial, Member, ProxyOptions};
use nftdivert_integration::asserts::{PASSTHROUGH, at};
use nftdivert_integration::fixture::{Fixture, Scene};

/// The world, in both families.
pub(crate) fn world() -> [SocketAddr; 2] {
    world_on(80)
}

/// The world on another port.
pub(crate) fn world_on(port: u16) -> [SocketAddr; 2] {
    at(["192.0.2.10", "2001:db8::10"], port)
}

/// The app at the pod's own addresses.
pub(crate) fn pod() -> [SocketAddr; 2] {
    at(["10.88.0.2", "fd88::2"], 8080)
}

/// The usual scene with this member as the proxy.
#[track_caller]
pub(crate) fn with_proxy(policy: &str, member: impl Into<Member>) -> Fixture {
    let proxy = ProxyOptions { member: member.into(), ..ProxyOptions::default() };
    Fixture::start(&Scene { policy, proxy, ..Scene::default() })
}

/// What the member sends leaves directly, its calls to its own pod pass the inbound side, and what
/// it dials with the passthrough source reaches the app.
#[track_caller]
pub(crate) fn is_the_proxy(fixture: &Fixture, member: impl Into<Member>) {
    let member = member.into();
    for to in world() {
        fixture.direct(member.clone(), to, "world");
    }
    for (to, source) in pod().into_iter().zip(PASSTHROUGH) {
        fixture.self_call(member.clone(), to);
        let passed = Dial::new(member.clone(), to).source(source);
        fixture.is_direct(&fixture.bed.pod, &passed, "app");
    }
}

/// What the member sends is captured, and its calls to its own pod are direct.
#[track_caller]
pub(crate) fn is_not_the_proxy(fixture: &Fixture, member: impl Into<Member>) {
    let member = member.into();
    for to in world() {
        fixture.captured_outbound(member.clone(), to);
    }
    for to in pod() {
        fixture.direct(member.clone(), to, "app");
    }
}
