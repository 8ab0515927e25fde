//! What nf_tables takes for a socket's owner when a thread acts as a user. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use nftdivert::demo::{Bed, BedOptions, EchoServer, User, as_user, connect};
use nix::unistd::{getegid, geteuid};

const RULES: &str = "table inet owners {
    counter the_uid {}
    counter the_gid {}
    counter root_uid {}
    counter root_gid {}
    chain output {
        type filter hook output priority 0;
        tcp dport 80 tcp flags & (fin|syn|rst|ack) == syn jump owner
        tcp sport 80 tcp flags & psh == psh jump owner
    }
    chain owner {
        meta skuid 4711 counter name the_uid
        meta skgid 4712 counter name the_gid
        meta skuid 0 counter name root_uid
        meta skgid 0 counter name root_gid
    }
}";
const COUNTERS: [&str; 4] = ["the_uid", "the_gid", "root_uid", "root_gid"];

fn counted(server: User, client: User) -> [u64; 4] {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let nft = |words: &[&str]| {
        let output = bed.pod.run(|| Command::new("nft").args(words).output()).unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    nft(&[RULES]);
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
    let server = EchoServer::start(&bed.pod, server, "local", &[to]).unwrap();
    connect(&bed.pod, client, to, Duration::from_secs(2)).unwrap();
    drop(server);
    COUNTERS.map(|name| {
        let listing = nft(&["list", "counter", "inet", "owners", name]);
        let packets = listing.split_once("packets ").unwrap().1.split(' ').next().unwrap();
        packets.parse().unwrap()
    })
}

#[test]
fn a_clients_socket_is_the_users_and_no_longer_roots() {
    assert_eq!(counted(User::new(1, 1), User::new(4711, 4712)), [1, 1, 0, 0]);
    assert_eq!(counted(User::new(1, 1), User::ROOT), [0, 0, 1, 1]);
}

#[test]
fn a_servers_accepted_socket_is_the_users_too() {
    assert_eq!(counted(User::new(4711, 4712), User::new(1, 1)), [1, 1, 0, 0]);
}

#[test]
fn the_user_ends_with_the_job() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made");
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .unwrap();
    let made = as_user(&bed.pod, User::APP, || std::fs::write(&file, "")).unwrap();
    made.unwrap();
    let owner = std::os::unix::fs::MetadataExt::uid(&file.metadata().unwrap());
    assert_eq!((owner, geteuid().as_raw(), getegid().as_raw()), (1000, 0, 0));
}

#[test]
fn an_impossible_user_is_refused() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let error = as_user(&bed.pod, User::new(u32::MAX, 0), || ()).unwrap_err().to_string();
    assert!(error.starts_with("act as uid 4294967295, gid 0: refused"), "{error}");
}
