//! `outbound.excludePortsByUid`: ports that are direct for some users.

use nftdivert::demo::User;
use nftdivert_integration::fixture::{Fixture, Scene};

use crate::scenery::{pod, world, world_on};

const MONITOR: User = User::new(999, 999);

fn fixture(rows: &str) -> Fixture {
    let policy = format!("outbound: {{excludePortsByUid: [{rows}]}}");
    let world: &[u16] = &[80, 81, 85, 90];
    Fixture::start(&Scene { policy: &policy, world, ..Scene::default() })
}

#[track_caller]
fn is_direct(fixture: &Fixture, user: User, port: u16) {
    for to in world_on(port) {
        fixture.direct(user, to, "world");
    }
}

#[track_caller]
fn is_captured(fixture: &Fixture, user: User, port: u16) {
    for to in world_on(port) {
        fixture.captured_outbound(user, to);
    }
}

#[test]
fn the_port_is_direct_for_that_user_alone() {
    for protocols in ["", ", protocols: [tcp]", ", protocols: [udp, tcp]"] {
        let fixture = fixture(&format!("{{uids: [999], ports: [80]{protocols}}}"));
        is_direct(&fixture, MONITOR, 80);
        is_direct(&fixture, User::new(999, 5), 80);
        is_captured(&fixture, MONITOR, 81);
        for user in [User::APP, User::ROOT, User::new(5, 999)] {
            is_captured(&fixture, user, 80);
        }
    }
}

#[test]
fn udp_alone_leaves_tcp_captured() {
    let fixture = fixture("{uids: [999], ports: [80], protocols: [udp]}");
    is_captured(&fixture, MONITOR, 80);
}

#[test]
fn several_users_and_ports_in_several_rows() {
    let fixture =
        fixture("{uids: [999, 998], ports: [80-82, 90]}, {uids: [7], ports: [1, 3, 5, 7, 85, 9]}");
    for uid in [999, 998] {
        for port in [80, 81, 90] {
            is_direct(&fixture, User::new(uid, 1), port);
        }
        is_captured(&fixture, User::new(uid, 1), 85);
    }
    is_direct(&fixture, User::new(7, 1), 85);
    is_captured(&fixture, User::new(7, 1), 80);
    is_captured(&fixture, User::APP, 85);
}

#[test]
fn it_is_stronger_than_ports_and_services_that_are_included() {
    let policy = "outbound: {ranges: [], includePorts: [80], \
                  services: [{address: 192.0.2.10, port: 80}], \
                  excludePortsByUid: [{uids: [999], ports: [80]}]}";
    let fixture = Fixture::new(policy);
    for to in world() {
        fixture.direct(MONITOR, to, "world");
        fixture.captured_outbound(User::APP, to);
    }
}

/// Line 3 of the contract stands before the proxy's own calls to its pod.
#[test]
fn it_holds_for_the_proxy_too() {
    let fixture = Fixture::new("outbound: {excludePortsByUid: [{uids: [1337], ports: [8080]}]}");
    for to in pod() {
        fixture.direct(User::PROXY, to, "app");
    }
}
