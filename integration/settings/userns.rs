//! Pods whose ids are counted in a user namespace, in a network namespace of the runtime.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nftdivert::apply::{ApplyOptions, HostRule, LiveConnections, OtherMeshes, Target, apply};
use nftdivert::demo::bed::{WORLD_V4, WORLD_V6};
use nftdivert::demo::{Direction, User};
use nftdivert::net::ids::of_pid;
use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{Fixture, policy, take_away};
use nftdivert_integration::shell::{nft_list, program};

use crate::scenery::{is_not_the_proxy, is_the_proxy, with_proxy};

const MAP: &str = "0 100000 65536";
/// The usual users, as the machine counts those of the pod.
const PROXY: User = User::new(101_337, 101_337);
const APP: User = User::new(101_000, 101_000);

/// A process of the pod; it ends with this value.
struct Pod(Child);

impl Pod {
    fn start(place: &Netns) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--user", "sleep", "60"]).stdin(Stdio::null()).stdout(Stdio::null());
        let pod = Self(place.run(|| command.spawn()).unwrap().unwrap());
        let limit = Instant::now() + Duration::from_secs(5);
        while fs::read_to_string(pod.proc("comm")).unwrap().trim() != "sleep" {
            assert!(Instant::now() < limit, "the pod does not start");
            std::thread::sleep(Duration::from_millis(2));
        }
        for file in ["uid_map", "gid_map"] {
            fs::write(pod.proc(file), MAP).unwrap();
        }
        pod
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.0.id())
    }

    fn target(&self, place: &Netns) -> Target {
        let ids = of_pid(self.0.id(), place).unwrap();
        Target::other(place.try_clone().unwrap(), HostRule::Refuse).with_ids(ids)
    }

    /// What a server says to a process of this pod with this uid and gid, as the pod counts.
    fn asks(&self, place: &Netns, id: u32, to: (&str, u16)) -> String {
        let script = format!(
            "import socket; print(socket.create_connection({to:?}, 2).recv(200).decode().strip())"
        );
        let (pid, id) = (self.0.id().to_string(), id.to_string());
        let enter = ["nsenter", "--target", &pid, "--user", "--setuid", &id, "--setgid", &id];
        program(place, &[&enter[..], &["/usr/bin/python3", "-c", &script]].concat(), "")
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A pod under this policy, applied with the ids of its user namespace.
fn scene(text: &str) -> (Fixture, Pod) {
    // Applied without ids first: the proxy of the scene is started after that.
    let fixture = with_proxy("", PROXY);
    take_away(&fixture.bed.pod).unwrap();
    let pod = Pod::start(&fixture.bed.pod);
    put(&fixture, &pod, text).unwrap();
    (fixture, pod)
}

fn put(fixture: &Fixture, pod: &Pod, text: &str) -> Result<(), nftdivert::apply::ApplyError> {
    let options = ApplyOptions {
        source: "suite".to_owned(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    apply(&pod.target(&fixture.bed.pod), &policy(text), &options).map(drop)
}

#[test]
fn processes_of_the_pod_are_told_by_the_pods_ids() {
    let (fixture, pod) = scene("");
    let place = &fixture.bed.pod;
    for world in [WORLD_V4.to_string(), WORLD_V6.to_string()] {
        let before = fixture.proxy.seen().len();
        let said = pod.asks(place, 1337, (&world, 80));
        assert!(said.starts_with("world "), "{said}");
        assert_eq!(fixture.proxy.seen().len(), before, "the proxy is captured");
        let said = pod.asks(place, 1000, (&world, 80));
        assert!(said.starts_with("world "), "{said}");
        let seen = fixture.proxy.seen();
        assert_eq!(seen.len(), before + 1, "the app is not captured");
        assert_eq!(seen[before].direction, Direction::Outbound);
        assert_eq!(seen[before].original.ip().to_string(), world);
    }
}

#[test]
fn the_outer_ids_count_in_every_setting() {
    let (fixture, pod) = scene("");
    is_the_proxy(&fixture, PROXY);
    is_not_the_proxy(&fixture, APP);
    // The same numbers outside of the pod are somebody else.
    is_not_the_proxy(&fixture, User::PROXY);

    put(&fixture, &pod, "outbound: {ownerGroups: {exclude: [8]}}").unwrap();
    for to in crate::scenery::world() {
        fixture.direct(User::new(100_000, 100_008), to, "world");
        fixture.captured_outbound(User::new(100_000, 8), to);
    }
    let policy = "proxy: {match: all, uids: [1337], gids: [1337]}\n\
                  outbound: {ownerGroups: {include: [7, 1000]}, \
                  excludePortsByUid: [{uids: [999], ports: [80]}]}";
    put(&fixture, &pod, policy).unwrap();
    is_the_proxy(&fixture, PROXY);
    is_not_the_proxy(&fixture, APP);
    is_not_the_proxy(&fixture, User::new(101_337, 101_000));
    for to in crate::scenery::world() {
        fixture.captured_outbound(User::new(100_000, 100_007), to);
        fixture.direct(User::new(100_000, 7), to, "world");
        fixture.direct(User::new(100_000, 100_008), to, "world");
        fixture.direct(User::new(100_999, 101_000), to, "world");
        fixture.captured_outbound(User::new(999, 101_000), to);
    }
}

#[test]
fn an_id_that_the_pod_does_not_have_is_refused_before_anything_is_written() {
    let (fixture, pod) = scene("");
    let before = nft_list(&fixture.bed.pod, "ruleset");
    let cases = [
        ("proxy: {uids: [70000], gids: [1]}", "proxy.uids"),
        ("proxy: {uids: [1], gids: [70000]}", "proxy.gids"),
        ("outbound: {ownerGroups: {include: [70000]}}", "outbound.ownerGroups.include"),
        ("outbound: {ownerGroups: {exclude: [70000]}}", "outbound.ownerGroups.exclude"),
        (
            "outbound: {excludePortsByUid: [{uids: [70000], ports: [1]}]}",
            "outbound.excludePortsByUid",
        ),
    ];
    for (text, setting) in cases {
        let said = put(&fixture, &pod, text).unwrap_err().to_string();
        assert!(said.starts_with(&format!("{setting}: 70000 is no id of the pod's")), "{said}");
        assert_eq!(nft_list(&fixture.bed.pod, "ruleset"), before, "{text}");
    }
    take_away(&fixture.bed.pod).unwrap();
    put(&fixture, &pod, cases[0].0).unwrap_err();
    assert_eq!(nft_list(&fixture.bed.pod, "ruleset"), "");
}
