//! The demo: what it draws, how it fails, and that nothing is left of it.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::{Ran, binary, nftdivert, program};

fn in_locale(setting: &str) -> Ran {
    let binary = binary();
    let words = ["-u", "LC_ALL", "-u", "LC_CTYPE", "-u", "LANG", setting];
    program("env", &[words.as_slice(), &[binary.to_str().unwrap(), "demo"]].concat(), "")
}

const OUT_V4: &str = "ok   app 10.88.0.2 ──▶ output ──▶ proxy :15001 ──▶ world 192.0.2.10:80";
const IN_V6: &str = "ok   client fd88::1 ──▶ prerouting ──▶ proxy :15006 ──(::6)──▶ app :8080";
const EXCLUDED: &str = "ok   client ──▶ app 10.88.0.2:15021 (excluded port)";

#[test]
fn it_draws_sixteen_connections() {
    let demo = in_locale("LC_ALL=C.UTF-8");
    assert_eq!((demo.code, demo.err.as_str()), (0, ""), "{demo:?}");
    assert_eq!(demo.out.lines().filter(|line| line.starts_with("ok ")).count(), 16, "{demo:?}");
    for (way, end) in [(OUT_V4, " 192.0.2.10:80"), (IN_V6, " [fd88::2]:8080"), (EXCLUDED, "direct")]
    {
        let drawn = |line: &str| line.starts_with(way) && line.ends_with(end);
        assert!(demo.out.lines().any(drawn), "{way}: {}", demo.out);
    }
    let widest = demo.out.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|columns| columns <= 100), "{widest:?}: {}", demo.out);
}

#[test]
fn arrows_are_ascii_unless_the_locale_is_utf_8() {
    for setting in ["LC_ALL=C", "LC_CTYPE=de_DE.ISO-8859-1", "LANG=POSIX", "LC_ALL="] {
        let demo = in_locale(setting);
        assert!(demo.out.is_ascii(), "{setting}: {}", demo.out);
        let ascii = OUT_V4.replace("──", "--").replace('▶', ">");
        assert!(demo.out.contains(&ascii), "{setting}: {}", demo.out);
    }
    for setting in ["LC_CTYPE=en_US.UTF-8", "LANG=C.utf8"] {
        assert!(in_locale(setting).out.contains(OUT_V4), "{setting}");
    }
}

#[test]
fn json_has_the_hops_too() {
    let story = nftdivert(&["demo", "--output", "json"]).json();
    assert_eq!((&story["removed"], &story["ipv6Available"]), (&true.into(), &true.into()));
    let step = &story["steps"][1];
    assert_eq!(step["title"], "a client calls in");
    assert_eq!(step["hops"], step["expectedHops"]);
    let last = serde_json::json!({ "name": "app :8080", "from": "127.0.0.6" });
    assert_eq!((step["hops"].as_array().unwrap().len(), &step["hops"][3]), (4, &last));
}

/// No server and no proxy ever accepts: each connection is made by the kernel and never answered.
#[test]
fn a_silent_proxy_is_told_within_two_seconds() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (log, binary) = (file.path().to_str().unwrap(), binary());
    let mut words = vec!["-f", "--seccomp-bpf", "-o", log, "-e", "trace=accept4"];
    words.extend(["-e", "inject=accept4:error=EAGAIN", binary.to_str().unwrap(), "demo"]);
    let start = Instant::now();
    let demo = program("strace", &words, "");
    let took = start.elapsed();
    assert_eq!(demo.code, 1, "{demo:?}");
    assert_eq!(demo.out.lines().filter(|line| line.starts_with("FAIL ")).count(), 16, "{demo:?}");
    assert_eq!(demo.out.lines().filter(|line| line.contains(" expected  ")).count(), 16);
    assert_eq!(demo.out.lines().filter(|line| line.contains(": nothing after ")).count(), 16);
    assert!(demo.out.contains("0 of 16 as expected; rules verified: yes"), "{demo:?}");
    assert!(took < Duration::from_secs(3), "{took:?}, of which strace has a part");
}

/// Where the settings of IPv6 are not to be seen, as with a kernel that has none.
#[test]
fn without_ipv6_it_shows_what_there_is() {
    let demo = format!(
        "mount -t tmpfs none /proc/sys/net && mkdir /proc/sys/net/core && \
         touch /proc/sys/net/core/somaxconn && exec {} demo",
        binary().display()
    );
    let demo = program("unshare", &["--mount", "sh", "-c", &demo], "");
    assert_eq!(demo.code, 0, "{demo:?}");
    assert!(demo.out.contains("IPv6: not available"), "{demo:?}");
    assert!(demo.out.contains("8 of 8 as expected"), "{demo:?}");
}

/// Kills it fifty times. The user namespace may have four network namespaces then: its own, and
/// the three of another demo, which works as soon as the kernel has ended those of the killed.
const KILLS: &str = r#"
killed=0
for round in {1..50}; do
    "$BINARY" demo >/dev/null 2>&1 & demo=$!
    sleep "0.0$((RANDOM % 8))$((RANDOM % 10))"
    kill -9 $demo
    wait $demo
    [ $? = 137 ] && killed=$((killed + 1))
done 2>/dev/null
echo "killed $killed"
echo "children $(cat /proc/$$/task/$$/children)"
echo "links $(ip -o link | wc -l)"
echo 4 > /proc/sys/user/max_net_namespaces
for try in {1..100}; do
    "$BINARY" demo >/dev/null 2>&1 && { echo gone; break; }
    sleep 0.1
done
"#;

#[test]
fn killed_at_any_time_it_leaves_nothing() {
    let mut child = Command::new("unshare")
        .args(["--user", "--net", "sh", "-c", "read -r go && exec bash -c \"$KILLS\""])
        .env("KILLS", KILLS)
        .env("BINARY", binary())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let user_namespace = |id: &str| fs::read_link(format!("/proc/{id}/ns/user")).unwrap();
    let id = child.id().to_string();
    while user_namespace(&id) == user_namespace("self") {
        sleep(Duration::from_millis(1));
    }
    for map in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{id}/{map}"), "0 0 65536").unwrap();
    }
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    println!("{said}");
    let lines: Vec<_> = said.lines().map(str::trim).collect();
    let [killed, children, links, gone] = lines.as_slice() else { panic!("{said}") };
    let killed: u32 = killed.strip_prefix("killed ").unwrap().parse().unwrap();
    assert!(killed >= 10, "it was too fast to be killed: {said}");
    assert_eq!((*links, *gone), ("links 1", "gone"));
    // What looks is a child itself.
    assert!(children.split(' ').count() <= 2, "{said}");
}
