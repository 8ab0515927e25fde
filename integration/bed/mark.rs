//! What nf_tables takes for a socket's mark and cgroup when the demo's parts have one. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use nftdivert::demo::bed::{WORLD_V4, WORLD_V6};
use nftdivert::demo::{
    Bed, BedOptions, Cgroup, Dial, EchoServer, Member, Proxy, ProxyOptions, User, as_user,
};
use nftdivert_integration::net_cls::NetCls;
use nftdivert_integration::shell::{nft, nft_list, program};

const MARK: u32 = 0x10000;
const BY_MARK: &str = "meta mark & 0x10000 == 0x10000";

fn worlds() -> [SocketAddr; 2] {
    [SocketAddr::from((WORLD_V4, 80)), SocketAddr::from((WORLD_V6, 80))]
}

/// Counts new connections to port 80 and packets with content from there, by this match.
fn counting(bed: &Bed, by: &str) {
    let rules = format!(
        "table inet members {{
            counter sent {{}}
            counter answered {{}}
            chain output {{
                type filter hook output priority 0;
                tcp dport 80 tcp flags & (fin|syn|rst|ack) == syn {by} counter name sent
                tcp sport 80 tcp flags & psh == psh {by} counter name answered
            }}
        }}"
    );
    nft(&bed.pod, &rules);
}

fn counted(bed: &Bed, name: &str) -> u64 {
    let listing = nft_list(&bed.pod, &format!("counter inet members {name}"));
    listing.split_once("packets ").unwrap().1.split(' ').next().unwrap().parse().unwrap()
}

/// nft looks for cgroups under /sys/fs/cgroup alone (1.0.6), where other machines have version 1.
const NFT: &str = "mount -t cgroup2 none /sys/fs/cgroup && exec nft -f -";

/// Captures what leaves the pod, except what this matches, as hand-written rules do it.
fn capture_all_but(bed: &Bed, by: &str) {
    let rules = format!(
        "table inet stand_in {{
            chain output {{
                type nat hook output priority -100;
                meta l4proto != tcp accept
                {by} accept
                fib daddr type local accept
                meta l4proto tcp redirect to :15001
            }}
        }}"
    );
    program(&bed.pod, &["unshare", "--mount", "sh", "-c", NFT], &rules);
}

fn is_told_apart(bed: &Bed, member: &Member, by: &str) {
    capture_all_but(bed, by);
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &worlds()).unwrap();
    let options = ProxyOptions { member: member.clone(), ..ProxyOptions::default() };
    let proxy = Proxy::start(&bed.pod, options).unwrap();
    for to in worlds() {
        let before = proxy.seen().len();
        // A proxy that is not told apart would be captured by itself, again and again.
        let mut talk = Dial::new(User::ROOT, to).open(&bed.pod).unwrap();
        talk.echo(b"through the proxy").unwrap();
        assert_eq!(proxy.seen().len(), before + 1);
        assert_eq!(proxy.seen().pop().unwrap().original, to);
        let direct = Dial::new(member.clone(), to).open(&bed.pod).unwrap();
        assert_eq!(direct.answer.peer, direct.local().unwrap());
        assert_eq!(proxy.seen().len(), before + 1);
    }
}

#[test]
fn a_marked_client_is_counted_and_another_is_not() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    counting(&bed, BY_MARK);
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &worlds()).unwrap();
    for (nth, to) in (1..).zip(worlds()) {
        Dial::new(User::APP, to).open(&bed.pod).unwrap();
        Dial::new(User::APP, to).marked(MARK).open(&bed.pod).unwrap();
        assert_eq!(counted(&bed, "sent"), nth);
    }
}

#[test]
fn a_marked_server_answers_with_the_mark() {
    for (member, answers) in [(User::APP.into(), 0), (User::APP.marked(MARK), 1)] {
        let bed = Bed::new(BedOptions::default()).unwrap();
        counting(&bed, BY_MARK);
        let local: [SocketAddr; 2] =
            [(Ipv4Addr::LOCALHOST, 80).into(), (Ipv6Addr::LOCALHOST, 80).into()];
        let _server = EchoServer::start(&bed.pod, member, "local", &local).unwrap();
        for (nth, to) in (1..).zip(local) {
            Dial::new(User::APP, to).open(&bed.pod).unwrap();
            assert_eq!(counted(&bed, "answered"), nth * answers);
        }
    }
}

#[test]
fn a_proxy_of_the_apps_user_is_told_apart_by_its_mark() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    is_told_apart(&bed, &User::ROOT.marked(MARK), BY_MARK);
}

#[test]
fn a_proxy_of_the_apps_user_is_told_apart_by_its_cgroup() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let name = format!("nftdivert-proxy-{}", std::process::id());
    let group = Cgroup::below_own(&name).unwrap();
    let path = group.path().trim_start_matches('/');
    let by = format!("socket cgroupv2 level {} \"{path}\"", path.split('/').count());
    is_told_apart(&bed, &User::ROOT.in_cgroup(group.directory()), &by);
    let directory = group.directory().to_owned();
    drop(group);
    assert!(!directory.exists());
}

#[test]
fn a_cgroup_ends_although_a_thread_in_it_goes_on() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let group = Cgroup::below_own(&format!("nftdivert-busy-{}", std::process::id())).unwrap();
    let directory = group.directory().to_owned();
    let member = User::ROOT.in_cgroup(&directory);
    let options = ProxyOptions { member, ..ProxyOptions::default() };
    let _proxy = Proxy::start(&bed.pod, options).unwrap();
    assert_eq!(fs::read_to_string(directory.join("cgroup.threads")).unwrap().lines().count(), 1);
    drop(group);
    assert!(!directory.exists());
}

#[test]
fn a_proxy_of_the_apps_user_is_told_apart_by_its_class() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let class = NetCls::new("0x00100001");
    is_told_apart(&bed, &User::ROOT.in_cgroup(class.group()), "meta cgroup 0x00100001");
}

#[test]
fn a_job_stamps_its_own_sockets() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let member = User::APP.marked(MARK);
    let socket = as_user(&bed.pod, member.clone(), || std::net::UdpSocket::bind("127.0.0.1:0"));
    let socket = socket.unwrap().unwrap();
    member.stamp(&socket).unwrap();
    let mark = nix::sys::socket::getsockopt(&socket, nix::sys::socket::sockopt::Mark).unwrap();
    assert_eq!(mark, MARK);
}

#[test]
fn a_cgroup_that_is_not_there_is_named() {
    let bed = Bed::new(BedOptions::default()).unwrap();
    let error = as_user(&bed.pod, User::ROOT.in_cgroup("/nowhere"), || ()).unwrap_err();
    let start = "join the cgroup by /nowhere/tasks: No such file or directory";
    assert!(error.to_string().starts_with(start), "{error}");
}
