//! `interfaces.virtual`: what a machine inside the pod sends through it is treated as outbound.

use std::fs;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert::demo::{Dial, User};
use nftdivert::net::netns::Netns;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{Fixture, Scene};
use nftdivert_integration::shell::ip;

use crate::scenery::{pod, world, world_on};

/// The machine's addresses and the pod's on their link.
const MACHINE: [&str; 2] = ["10.77.0.2", "fd77::2"];
const INSIDE: [&str; 2] = ["10.77.0.1", "fd77::1"];

/// A pod with a machine in it, on the other end of `vm0`.
struct Machine {
    fixture: Fixture,
    place: Netns,
}

impl Machine {
    #[track_caller]
    fn new(policy: &str) -> Self {
        let fixture = Fixture::start(&Scene { policy, world: &[80, 81], ..Scene::default() });
        let place = Netns::anonymous().unwrap();
        let pod = &fixture.bed.pod;
        let path = format!("/proc/{}/fd/{}", std::process::id(), place.as_fd().as_raw_fd());
        ip(pod, &format!("link add vm0 type veth peer name eth0 netns {path}"));
        for (side, link, addresses) in [(pod, "vm0", INSIDE), (&place, "eth0", MACHINE)] {
            ip(side, &format!("address add {}/24 dev {link}", addresses[0]));
            ip(side, &format!("address add {}/64 dev {link} nodad", addresses[1]));
            ip(side, &format!("link set {link} up"));
        }
        let limit = Instant::now() + Duration::from_secs(2);
        while !ip(&place, "link show eth0").contains("state UP") {
            assert!(Instant::now() < limit, "eth0 does not come up");
            sleep(Duration::from_millis(1));
        }
        for (via, back) in INSIDE.into_iter().zip(["10.88.0.2", "fd88::2"]) {
            ip(&place, &format!("route add default via {via}"));
            let net = if via.contains(':') { "fd77::/64" } else { "10.77.0.0/24" };
            ip(&fixture.bed.peer, &format!("route add {net} via {back}"));
        }
        let forward = || {
            fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
            fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").unwrap();
        };
        pod.run(forward).unwrap();
        Self { fixture, place }
    }

    #[track_caller]
    fn captured(&self, to: SocketAddr) {
        self.fixture.is_captured_outbound(&self.place, &Dial::new(User::APP, to), to);
    }

    #[track_caller]
    fn direct(&self, to: SocketAddr, name: &str) {
        // Ids of the machine are not those of the pod: the proxy's number is nobody there.
        for user in [User::APP, User::PROXY] {
            self.fixture.is_direct(&self.place, &Dial::new(user, to), name);
        }
    }
}

#[test]
fn what_the_machine_sends_to_the_world_is_captured_as_outbound() {
    let machine = Machine::new("interfaces: {virtual: [vm0]}");
    for to in world().into_iter().chain(world_on(81)) {
        machine.captured(to);
        machine.fixture.captured_outbound(User::APP, to);
    }
    for to in pod() {
        machine.fixture.captured_inbound(to);
    }
}

#[test]
fn one_of_many_virtual_interfaces_is_found() {
    let machine = Machine::new("interfaces: {virtual: [vm1, vm2, vm0, vm3, vm00, v]}");
    for to in world() {
        machine.captured(to);
    }
}

#[test]
fn ranges_and_services_hold_for_the_machine() {
    let cases = [
        "excludeRanges: [192.0.2.0/24, '2001:db8::/64']",
        "ranges: []",
        "ranges: [10.0.0.0/8, 'fd00::/8']",
    ];
    for outbound in cases {
        let machine =
            Machine::new(&format!("interfaces: {{virtual: [vm0]}}\noutbound: {{{outbound}}}"));
        for to in world() {
            machine.direct(to, "world");
        }
    }
    let services = "{address: 192.0.2.10, port: 81}, {address: '2001:db8::10', port: 81}";
    for outbound in [&format!("services: [{services}]"), "ranges: [], includePorts: [81]"] {
        let machine =
            Machine::new(&format!("interfaces: {{virtual: [vm0]}}\noutbound: {{{outbound}}}"));
        for (to, other) in world_on(81).into_iter().zip(world()) {
            machine.captured(to);
            machine.direct(other, "world");
        }
    }
}

/// A captured call is dialled by the proxy, whose call to its own pod passes the inbound side.
#[test]
fn the_machines_calls_to_the_pod_are_never_inbound() {
    let machine = Machine::new("interfaces: {virtual: [vm0]}");
    for to in pod().into_iter().chain(at(INSIDE, 8080)) {
        machine.fixture.is_round_trip(&machine.place, to);
    }
    let machine = Machine::new("interfaces: {virtual: [vm0]}\noutbound: {ranges: []}");
    for to in pod().into_iter().chain(at(INSIDE, 8080)) {
        machine.direct(to, "app");
    }
    for to in pod() {
        machine.fixture.captured_inbound(to);
    }
}

#[test]
fn without_the_setting_the_machine_is_a_client_like_others() {
    let machine = Machine::new("");
    for to in pod() {
        let dial = Dial::new(User::APP, to);
        let answer = dial.open(&machine.place).unwrap().answer;
        assert!(answer.peer.ip().to_string().ends_with('6'), "not by the inbound side: {answer:?}");
    }
}

#[test]
fn where_ipv6_is_left_alone_so_is_the_machines() {
    let machine = Machine::new("interfaces: {virtual: [vm0]}\nipv6: bypass");
    let [v4, v6] = world();
    machine.captured(v4);
    machine.direct(v6, "world");
}
