//! `proxy.netClsClassid`: the proxy is known by the net_cls class of its threads.
//!
//! Each test runs in a process of its own, in a mount namespace where net_cls is mounted.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use nftdivert::demo::User;

use crate::identity::joins_after_its_socket;
use crate::scenery::{is_not_the_proxy, is_the_proxy, with_proxy, world};

const INSIDE: &str = "NFTDIVERT_TEST_NET_CLS";

/// The hierarchy ends with its last mount only if no removed group lingers (it does for about 0.1 s
/// on 6.18); so it is mounted and unmounted until it is gone, unless it was there before.
const AROUND: &str = r#"
    is_there() { grep -q :net_cls: /proc/self/cgroup; }
    is_there && was=there || was=
    cls=$(mktemp -d)
    attach() { mount -t cgroup -o net_cls none $cls; }
    clean() {
        for i in $(seq 20); do
            if [ -d $cls/$NAME ]; then rmdir $cls/$NAME || { sleep .1; continue; }; fi
            sleep .2
            umount $cls
            sleep .1
            if [ $was ] || ! is_there; then break; fi
            attach
        done
        rmdir $cls
    }
    attach
    trap clean EXIT
    mkdir $cls/$NAME
    echo $CLASS >$cls/$NAME/net_cls.classid
    NFTDIVERT_TEST_NET_CLS=$cls/$NAME CLASS=$CLASS "$@"
"#;

/// A class of this process's own: all mounts of net_cls show the same groups.
fn class() -> String {
    std::env::var("CLASS").unwrap_or_else(|_| format!("0x{:08x}", std::process::id() << 8 | 0xfe))
}

/// The group's directory where this is the process inside; else the test is run there, and is done.
fn inside(test: &str) -> Option<PathBuf> {
    static ONE: Mutex<()> = Mutex::new(());
    if let Some(group) = std::env::var_os(INSIDE) {
        return Some(group.into());
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let ran = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "bash", "-euc", AROUND, "-"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("NAME", format!("nftdivert-settings-{}", std::process::id()))
        .env("CLASS", class())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let is_passed = ran.status.success() && said.contains("1 passed");
    assert!(is_passed, "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    None
}

fn policy() -> String {
    format!("proxy: {{uids: [], gids: [], netClsClassid: {}}}", class())
}

#[test]
fn those_of_the_class_are_the_proxy() {
    let Some(group) = inside("net_cls::those_of_the_class_are_the_proxy") else { return };
    let fixture = with_proxy(&policy(), User::ROOT.in_cgroup(&group));
    for user in [User::APP, User::PROXY, User::ROOT] {
        is_not_the_proxy(&fixture, user);
        is_the_proxy(&fixture, user.in_cgroup(&group));
        is_not_the_proxy(&fixture, user);
    }
    // One of another class is nobody.
    fs::write(group.join("net_cls.classid"), "0x00010001").unwrap();
    is_not_the_proxy(&with_other_proxy(), User::APP.in_cgroup(&group));
}

/// The same policy, where the proxy is told by its user besides.
fn with_other_proxy() -> nftdivert_integration::fixture::Fixture {
    let policy = format!("proxy: {{uids: [1337], gids: [], netClsClassid: {}}}", class());
    with_proxy(&policy, User::PROXY)
}

#[test]
fn who_joins_after_making_its_socket_is_direct() {
    let Some(group) = inside("net_cls::who_joins_after_making_its_socket_is_direct") else {
        return;
    };
    let fixture = with_other_proxy();
    for to in world() {
        joins_after_its_socket(&fixture.bed.pod, &group, to);
    }
    assert!(fixture.proxy.seen().is_empty());
    is_not_the_proxy(&fixture, User::APP);
}

#[test]
fn user_and_class_are_both_needed() {
    let Some(group) = inside("net_cls::user_and_class_are_both_needed") else { return };
    let policy = format!("proxy: {{match: all, uids: [1337], netClsClassid: {}}}", class());
    let fixture = with_proxy(&policy, User::PROXY.in_cgroup(&group));
    is_not_the_proxy(&fixture, User::PROXY);
    is_not_the_proxy(&fixture, User::APP.in_cgroup(&group));
    is_the_proxy(&fixture, User::PROXY.in_cgroup(&group));
}
