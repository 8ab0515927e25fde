//! What leaves the pod, under policies as simple as can be.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::demo::{Dial, User};
use nftdivert_integration::asserts::{PASSTHROUGH, at};
use nftdivert_integration::fixture::{Fixture, Scene};

use crate::scenery::{localhost, pod, pod_on, world, world_on};

#[test]
fn the_apps_connections_go_through_the_proxy() {
    let fixture = Fixture::new("");
    for to in world() {
        fixture.captured_outbound(User::APP, to);
        fixture.captured_outbound(User::ROOT, to);
    }
}

#[test]
fn the_proxys_connections_leave_directly() {
    let fixture = Fixture::new("");
    for to in world() {
        fixture.direct(User::PROXY, to, "world");
    }
}

#[test]
fn connections_to_the_pods_neighbour_are_captured_too() {
    let fixture = Fixture::new("");
    for to in at(["10.88.0.1", "fd88::1"], 80) {
        fixture.captured_outbound(User::APP, to);
    }
}

#[test]
fn nothing_is_captured_where_no_destination_is_included() {
    let fixture = Fixture::new("outbound: {ranges: []}");
    for to in world() {
        fixture.direct(User::APP, to, "world");
        fixture.direct(User::PROXY, to, "world");
    }
    // Inbound stays, and so does the call of the pod to itself.
    for to in pod() {
        fixture.captured_inbound(to);
        fixture.self_call(User::PROXY, to);
    }
}

#[test]
fn the_proxy_dials_the_app_from_the_passthrough_source() {
    let fixture = Fixture::new("");
    for (source, to) in PASSTHROUGH.into_iter().zip(pod()) {
        let dial = Dial::new(User::PROXY, to).source(source);
        fixture.is_direct(&fixture.bed.pod, &dial, "app");
    }
}

#[test]
fn another_passthrough_source_takes_the_place_of_the_usual_one() {
    let text = "proxy: {passthroughSource: {ipv4: 127.0.0.66, ipv6: 'fd00::66'}}";
    let fixture = Fixture::new(text);
    for (source, to) in ["127.0.0.66", "fd00::66"].into_iter().zip(pod()) {
        let dial = Dial::new(User::PROXY, to).source(source.parse().unwrap());
        fixture.is_direct(&fixture.bed.pod, &dial, "app");
    }
}

#[test]
fn a_call_of_the_pod_to_itself_passes_the_proxys_inbound_side() {
    let fixture = Fixture::new("");
    for to in pod() {
        fixture.self_call(User::PROXY, to);
    }
}

#[test]
fn the_proxys_own_tunnel_is_not_a_call_of_the_pod_to_itself() {
    let scene = Scene { app: &[8080, 15007, 15008, 15009], ..Scene::default() };
    let fixture = Fixture::start(&scene);
    for to in pod_on(15008) {
        fixture.direct(User::PROXY, to, "app");
    }
    for to in pod_on(15007).into_iter().chain(pod_on(15009)) {
        fixture.self_call(User::PROXY, to);
    }
}

#[test]
fn the_apps_calls_to_the_pods_own_address_stay_direct() {
    let fixture = Fixture::new("");
    for to in pod() {
        fixture.direct(User::APP, to, "app");
        fixture.direct(User::ROOT, to, "app");
    }
}

#[test]
fn loopback_stays_direct_for_everybody() {
    let fixture = Fixture::new("");
    for to in localhost() {
        for user in [User::APP, User::PROXY, User::ROOT] {
            fixture.direct(user, to, "app");
        }
    }
}

#[test]
fn outbound_and_inbound_may_share_a_port() {
    let text = "proxy: {ports: {outbound: 15001, inbound: 15001}}";
    let proxy = |outbound_port, inbound_port| nftdivert::demo::ProxyOptions {
        outbound_port,
        inbound_port,
        ..Default::default()
    };
    let scene = Scene { policy: text, proxy: proxy(15001, 15999), ..Scene::default() };
    let fixture = Fixture::start(&scene);
    for to in world() {
        fixture.captured_outbound(User::APP, to);
        fixture.direct(User::PROXY, to, "world");
    }
    let scene = Scene { proxy: proxy(15999, 15001), ..scene };
    let fixture = Fixture::start(&scene);
    for to in pod() {
        fixture.captured_inbound(to);
        fixture.self_call(User::PROXY, to);
        fixture.direct(User::APP, to, "app");
    }
}

#[test]
fn other_ports_of_the_proxy_are_taken() {
    let fixture = Fixture::start(&Scene {
        policy: "proxy: {ports: {outbound: 4140, inbound: 4143, tunnel: 4144}}",
        app: &[8080, 4144, 15008],
        proxy: nftdivert::demo::ProxyOptions {
            outbound_port: 4140,
            inbound_port: 4143,
            ..Default::default()
        },
        ..Scene::default()
    });
    fixture.captured_outbound(User::APP, world()[0]);
    fixture.captured_inbound(pod()[0]);
    fixture.captured_inbound(pod_on(15008)[0]);
    fixture.direct_inbound(pod_on(4144)[0], "app");
}

#[test]
fn the_tunnel_port_of_others_is_captured() {
    let fixture = Fixture::start(&Scene { world: &[15008], ..Scene::default() });
    for to in world_on(15008) {
        fixture.captured_outbound(User::APP, to);
    }
}
