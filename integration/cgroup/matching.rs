//! Number and level of a cgroup v2 in a rule: whose sockets it matches. nft wrote the rule.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};

use nftdivert::demo::User;
use nftdivert::net::netns::Netns;
use nftdivert::process::cgroup::{CgroupId, find, join_v2};
use nftdivert_integration::datagram::udp;
use nix::unistd::Pid;

use crate::harness::{Group, among_own_mounts, binary, mount_point, place, program};

const SEND: &str = "echo hello >/dev/udp/127.0.0.1/9";

/// A namespace with a rule for one group, and somebody who hears what is sent.
struct Watched {
    place: Netns,
    _listener: UdpSocket,
}

impl Watched {
    /// nft looks the group up itself, under `/sys/fs/cgroup` and nowhere else.
    fn new(path: &str, level: u32) -> Self {
        let place = place();
        let rule = format!(
            "table inet t {{ chain o {{ type filter hook output priority 0; udp dport 9 \
             socket cgroupv2 level {level} \"{}\" counter; }}; }}",
            path.trim_start_matches('/')
        );
        let script = r#"mount --bind "$1" /sys/fs/cgroup; exec nft "$2""#;
        let whole = mount_point();
        let words = [whole.to_str().unwrap(), rule.as_str()];
        place.run(|| among_own_mounts(script, &words)).unwrap().said();
        let listener = udp(&place, User::ROOT, SocketAddr::from((Ipv4Addr::LOCALHOST, 9)));
        Self { place, _listener: listener }
    }

    /// The rule as nft lists it where it can't turn the number into a path, and its count.
    fn rule(&self) -> (String, u64) {
        let script = "mount -t tmpfs none /sys/fs/cgroup; exec nft list table inet t";
        let listed = self.place.run(|| among_own_mounts(script, &[])).unwrap();
        let (_, rest) = listed.said().split_once("socket ").unwrap();
        let (rule, counted) = rest.split_once(" counter packets ").unwrap();
        (rule.to_owned(), counted.split(' ').next().unwrap().parse().unwrap())
    }

    #[track_caller]
    fn counts(&self, packets: u64) {
        assert_eq!(self.rule().1, packets);
    }

    fn run(&self, words: &[&str]) {
        self.place.run(|| program(words, "").said().to_owned()).unwrap();
    }

    /// Sends from a process that joins the group by `nftdivert exec`.
    fn send_from(&self, path: &str) {
        self.run(&[&binary(), "exec", "--cgroup", path, "--", "bash", "-c", SEND]);
    }

    /// A process that has a socket, and sends by it at each line that it hears.
    fn sender(&self) -> Sender {
        let script = "exec 3>/dev/udp/127.0.0.1/9; echo; while read; do echo x >&3; echo; done";
        let mut command = Command::new("bash");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut sender = Sender(self.place.run(|| command.spawn()).unwrap().unwrap());
        sender.hear();
        sender
    }
}

struct Sender(Child);

impl Sender {
    fn hear(&mut self) {
        let mut line = String::new();
        BufReader::with_capacity(1, self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "\n");
    }

    fn send(&mut self) {
        self.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        self.hear();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().try_into().unwrap())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn found(path: &str) -> CgroupId {
    find(&path.parse().unwrap()).unwrap()
}

#[test]
fn those_in_the_group_and_below_match_and_no_others() {
    let group = Group::new().with("pod/sidecar/worker");
    let path = group.below("pod/sidecar");
    let CgroupId { id, level } = found(&path);
    let watched = Watched::new(&path, level);
    assert_eq!(watched.rule(), (format!("cgroupv2 level {level} {id}"), 0));
    watched.send_from(&path);
    watched.counts(1);
    watched.send_from(&group.below("pod/sidecar/worker"));
    watched.counts(2);
    for outside in [group.below("pod/app"), group.below("pod"), group.path.clone()] {
        watched.send_from(&outside);
    }
    watched.run(&["bash", "-c", SEND]);
    watched.counts(2);
}

#[test]
fn another_level_never_matches() {
    let group = Group::new().with("sidecar");
    let path = group.below("sidecar");
    for level in [found(&path).level - 1, found(&path).level + 1] {
        let watched = Watched::new(&path, level);
        watched.send_from(&path);
        watched.counts(0);
    }
}

#[test]
fn a_socket_stays_with_the_group_in_which_it_was_made() {
    let group = Group::new().with("sidecar");
    let path = group.below("sidecar");
    let watched = Watched::new(&path, found(&path).level);
    let mut sender = watched.sender();
    sender.send();
    join_v2(&path.parse().unwrap(), sender.pid()).unwrap();
    let joined = std::fs::read_to_string(format!("/proc/{}/cgroup", sender.pid())).unwrap();
    assert!(joined.contains(&format!("0::{path}\n")), "{joined}");
    sender.send();
    watched.counts(0);
}

#[test]
fn a_rule_does_not_follow_to_a_group_made_anew() {
    let group = Group::new().with("sidecar");
    let path = group.below("sidecar");
    let (before, watched) = (found(&path), Watched::new(&path, found(&path).level));
    watched.send_from(&path);
    watched.counts(1);
    std::fs::remove_dir(group.directory.join("sidecar")).unwrap();
    watched.send_from(&path);
    watched.counts(1);
    assert_ne!(found(&path).id, before.id);
}
