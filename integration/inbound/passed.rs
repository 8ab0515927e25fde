//! What TPROXY leaves alone.

use nftdivert_integration::shell::ip;

use crate::harness::{Case, OWN, STEERING, captured, cases, pod, policy, scene};

#[test]
fn excluded_ports_are_direct() {
    for case in cases() {
        for list in [", excludePorts: [8081]", ", excludePorts: [8081, 1, 3, 5, 7, 9]"] {
            let fixture = case.start_with(list, "", &[8080, 8081]);
            pod(8081).into_iter().for_each(|to| fixture.direct_inbound(to, "app"));
            pod(8080).into_iter().for_each(|to| drop(captured(&fixture, case.source, to)));
        }
    }
}

#[test]
fn the_tunnel_port_is_direct_in_every_mode() {
    for mode in ["redirect", STEERING[0], STEERING[1]] {
        for list in ["", ", ports: [8080, 15000-15010]", ", excludePorts: [1, 3, 5, 7, 9]"] {
            let fixture = scene(&policy(mode, list, ""), OWN, &[8080, 15008]);
            pod(15008).into_iter().for_each(|to| fixture.direct_inbound(to, "app"));
            pod(8080).into_iter().for_each(|to| drop(captured(&fixture, OWN, to)));
        }
    }
}

#[test]
fn excluded_interfaces_are_direct() {
    for case in cases() {
        let fixture = case.start("", "interfaces: {exclude: [eth0]}");
        pod(8080).into_iter().for_each(|to| fixture.direct_inbound(to, "app"));
        let fixture = case.start("", "interfaces: {exclude: [eth1]}");
        pod(8080).into_iter().for_each(|to| drop(captured(&fixture, case.source, to)));
    }
}

#[test]
fn excluded_clients_are_direct_and_others_are_not() {
    for case in cases() {
        let fixture = case.start(", excludeSources: [10.88.0.1, 'fd88::/64']", "");
        pod(8080).into_iter().for_each(|to| fixture.direct_inbound(to, "app"));
        others_are_captured(case, ", excludeSources: [10.88.0.0/32, 'fd88::3']");
    }
}

fn others_are_captured(case: Case, excluded: &str) {
    let fixture = case.start(excluded, "");
    pod(8080).into_iter().for_each(|to| drop(captured(&fixture, case.source, to)));
}

/// What a machine inside the pod sends is the app's, and goes out.
#[test]
fn what_comes_in_by_a_virtual_interface_is_not_inbound() {
    for case in cases().filter(|case| case.mode == "tproxy") {
        let fixture = case.start("", "interfaces: {virtual: [eth0]}\noutbound: {ranges: []}");
        pod(8080).into_iter().for_each(|to| fixture.direct_inbound(to, "app"));
    }
}

#[test]
fn ipv6_is_left_alone_where_it_is_not_captured() {
    for case in cases() {
        let fixture = case.start("", "ipv6: bypass");
        let [four, six] = pod(8080);
        drop(captured(&fixture, case.source, four));
        fixture.direct_inbound(six, "app");
        assert_eq!(ip(&fixture.bed.pod, "-6 rule").lines().count(), 2, "{case:?}");
    }
}
