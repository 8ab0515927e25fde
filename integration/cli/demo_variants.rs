//! The demo's other ways, and the demo of an ordinary user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{Ran, binary, nftdivert, program};

const TPROXY: [&str; 2] = [
    "ok   client 10.88.0.1 --> prerouting --> proxy :15006 --(10.88.0.1)--> app :8080",
    "ok   client fd88::1 --> prerouting --> proxy :15006 --(fd88::1)--> app :8080",
];
const DNS: [&str; 4] = [
    "ok   app 10.88.0.2 --> output --> proxy :15053 --> resolver 192.0.2.10:53 (UDP)",
    "ok   app fd88::2 --> output --> proxy :15053 --> resolver [2001:db8::10]:53 (TCP)",
    "ok   proxy --> resolver 192.0.2.10:53 (TCP)",
    "ok   proxy --> resolver [2001:db8::10]:53 (UDP)",
];
const OUT: [&str; 1] = ["ok   app 10.88.0.2 --> output --> proxy :15001 --> world 192.0.2.10:80"];
const BY_MARK: &str = "proxy: {uids: [], gids: [], mark: 0x10000/0x10000}";

/// The demo with these words, after other programs that prepare for it.
fn demo(before: &[&str], words: &[&str]) -> Ran {
    let folder = tempfile::Builder::new().prefix("nftdivert").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = folder.path().join("nftdivert");
    fs::copy(binary(), &copy).unwrap();
    let all = [&["LC_ALL=C"], before, &[copy.to_str().unwrap(), "demo"], words].concat();
    program("env", &all, "")
}

/// Nobody, with these capabilities alone.
fn nobody(capabilities: &str) -> Vec<String> {
    let sets = ["--inh-caps", "--ambient-caps", "--bounding-set"];
    let sets = sets.map(|flag| format!("{flag}=-all{capabilities}"));
    let words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"];
    words.map(str::to_owned).into_iter().chain(sets).collect()
}

fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

#[track_caller]
fn shows(demo: &Ran, steps: usize, lines: &[&str]) {
    assert_eq!((demo.code, demo.err.as_str()), (0, ""), "{demo:?}");
    assert_eq!(demo.out.lines().filter(|line| line.starts_with("ok ")).count(), steps, "{demo:?}");
    let end = format!(
        "{steps} of {steps} as expected; rules verified: yes; removed without a trace: yes\n"
    );
    assert!(demo.out.ends_with(&end), "{demo:?}");
    for line in lines {
        assert!(demo.out.lines().any(|shown| shown.starts_with(line)), "{line}: {demo:?}");
    }
    let widest = demo.out.lines().map(str::len).max();
    assert!(widest.is_some_and(|columns| columns <= 100), "{widest:?}: {}", demo.out);
}

/// The cgroups that demos made, in the cgroup of this process.
fn cgroups() -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let line = mounts.lines().find(|line| line.contains(" - cgroup2 ")).expect("a cgroup2");
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap().to_owned();
    let folder = format!("{}{own}", line.split(' ').nth(4).unwrap());
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with("nftdivert-demo-")).collect()
}

/// Another suite may show a demo at this moment.
#[track_caller]
fn no_cgroup_is_left() {
    let limit = Instant::now() + Duration::from_secs(3);
    while !cgroups().is_empty() && Instant::now() < limit {
        sleep(Duration::from_millis(20));
    }
    assert_eq!(cgroups(), [""; 0]);
}

#[test]
fn tproxy_keeps_the_clients_address() {
    shows(&demo(&[], &["--tproxy"]), 16, &TPROXY);
    let story = nftdivert(&["demo", "--tproxy", "--output", "json"]).json();
    assert_eq!((&story["variant"], &story["rights"]), (&"tproxy".into(), &"full".into()));
    assert_eq!(story["steps"][1]["clientSeen"], "10.88.0.1");
}

#[test]
fn questions_to_name_servers_go_through_the_proxy() {
    let shown = demo(&[], &["--dns"]);
    shows(&shown, 24, &DNS);
    assert!(shown.out.contains("\ndns: {capture: all}\n"), "{shown:?}");
    assert_eq!(shown.out.lines().filter(|line| line.ends_with(" port 53")).count(), 4);
}

#[test]
fn a_cgroup_tells_the_proxy_and_is_gone_afterwards() {
    let shown = demo(&[], &["--cgroup"]);
    shows(&shown, 16, &OUT);
    assert!(shown.out.contains("\nproxy: {uids: [], gids: [], cgroup: \"/"), "{shown:?}");
    no_cgroup_is_left();

    // Nobody accepts, and all fails.
    let inject = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=accept4"];
    let inject = [&inject[..], &["-e", "inject=accept4:error=EAGAIN"]].concat();
    let failed = demo(&inject, &["--cgroup"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.out.contains("0 of 16 as expected"), "{failed:?}");
    no_cgroup_is_left();

    let nobody = nobody("");
    let refused = demo(&words(&nobody), &["--cgroup"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
    assert!(refused.err.contains(": Permission denied"), "{refused:?}");
    assert!(refused.err.contains("needs root, a cgroup2 that can be written to"), "{refused:?}");
    assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
    let hidden = "umount --recursive --lazy /sys/fs/cgroup && exec \"$@\"";
    let absent = demo(&["unshare", "--mount", "sh", "-c", hidden, "sh"], &["--cgroup"]);
    assert_eq!(absent.code, 1, "{absent:?}");
    assert!(absent.err.contains("has no cgroup2 that shows it"), "{absent:?}");
    no_cgroup_is_left();
}

#[test]
fn one_way_at_a_time() {
    for other in ["--dns", "--cgroup"] {
        let refused = nftdivert(&["demo", "--tproxy", other]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("cannot be used with"), "{refused:?}");
    }
}

#[test]
fn an_ordinary_user_sees_all_of_it_by_the_proxys_mark() {
    // Some of the capabilities are no better than none.
    for capabilities in ["", ",+sys_admin", ",+sys_admin,+net_admin"] {
        let nobody = nobody(capabilities);
        let ways = [(&[][..], 16, &OUT[..]), (&["--tproxy"], 16, &TPROXY), (&["--dns"], 24, &DNS)];
        for (flags, steps, lines) in ways {
            let shown = demo(&words(&nobody), flags);
            shows(&shown, steps, lines);
            assert!(shown.out.contains(&format!("\n{BY_MARK}\n")), "{shown:?}");
            assert!(shown.out.contains(" made for this in a user namespace. "), "{shown:?}");
        }
    }
}

#[test]
fn where_an_ordinary_user_may_have_no_user_namespace_it_says_so() {
    // Each user namespace has a limit of its own.
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let inside = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"];
    let without = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
    let refused = demo(&[&inside[..], &without].concat(), &[]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
    assert!(refused.err.contains("make a user namespace: unshare: "), "{refused:?}");
    assert!(refused.err.contains("user.max_user_namespaces is 0: run this as root"), "{refused:?}");
}
