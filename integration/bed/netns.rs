//! Real network namespaces: found, entered, told apart, refused. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, id};
use std::time::Duration;

use nftdivert::net::netns::{Netns, NetnsError};

fn own_id() -> (u64, u64) {
    Netns::current().unwrap().id()
}

#[test]
fn a_job_runs_inside_and_its_caller_stays_outside() {
    let outside = own_id();
    let space = Netns::anonymous().unwrap();
    assert_ne!(space.id(), outside);
    assert_eq!(space.run(own_id).unwrap(), space.id());
    assert_eq!(own_id(), outside);
}

#[test]
fn only_the_machines_own_namespace_is_initial() {
    // The tests run in the machine's own namespace.
    assert!(Netns::current().unwrap().is_initial().unwrap());
    assert!(!Netns::anonymous().unwrap().is_initial().unwrap());
}

#[test]
fn cookies_tell_namespaces_apart() {
    let (one, two) = (Netns::anonymous().unwrap(), Netns::anonymous().unwrap());
    let cookie = one.cookie().unwrap().expect("the kernel is 5.14 or newer");
    assert_eq!(one.try_clone().unwrap().cookie().unwrap(), Some(cookie));
    assert_ne!(two.cookie().unwrap(), Some(cookie));
}

#[test]
fn a_panic_of_the_job_goes_on_in_the_caller() {
    let space = Netns::anonymous().unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| space.run(|| panic!("the job's words"))));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the job's words"));
    assert_eq!(space.run(|| 7).unwrap(), 7);
}

#[test]
fn a_spawned_thread_keeps_the_namespace() {
    let space = Netns::anonymous().unwrap();
    let wanted = space.id();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = space
        .spawn("keeper", move || {
            wait.recv().ok();
            tell.send(own_id()).ok();
        })
        .unwrap();
    drop(space);
    drop(go);
    assert_eq!(told.recv_timeout(Duration::from_secs(5)).unwrap(), wanted);
    thread.join().unwrap();
}

#[test]
fn a_name_finds_the_namespace_and_a_missing_one_says_which_there_are() {
    let name = format!("nftdivert-{}", id());
    let ip = |verb: &str| Command::new("ip").args(["netns", verb, &name]).status().unwrap();
    assert!(ip("add").success());
    let found = Netns::named(&name);
    let missing = Netns::named("nftdivert-none").unwrap_err().to_string();
    assert!(ip("delete").success());
    let found = found.unwrap();
    assert_eq!(found.run(own_id).unwrap(), found.id());
    let start = "network namespace \"nftdivert-none\": no such file in /run/netns (there are: ";
    assert!(missing.starts_with(start), "{missing}");
    assert!(missing.contains(&name), "{missing}");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["", ".", "..", "../ns", "/proc/1/ns/net", "a/b", "a\0b"] {
        let error = Netns::named(name).unwrap_err();
        assert!(matches!(error, NetnsError::Name { .. }), "{name:?}: {error}");
    }
}

#[test]
fn what_is_no_network_namespace_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, pipe) = (folder.path().join("file"), folder.path().join("pipe"));
    fs::write(&file, "").unwrap();
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
    for (path, what) in [
        (file.as_path(), "a regular file"),
        (&pipe, "a pipe"),
        (folder.path(), "a directory"),
        (Path::new("/dev/null"), "a character device"),
        (Path::new("/proc/self/ns/mnt"), "a mount namespace"),
        (Path::new("/proc/self/ns/user"), "a user namespace"),
    ] {
        let error = Netns::at(path).unwrap_err().to_string();
        let end = format!("{} is {what}, not a network namespace", path.display());
        assert!(error.ends_with(&end), "{error}");
    }
}

#[test]
fn a_missing_process_is_named() {
    let error = Netns::of_pid(u32::MAX).unwrap_err();
    assert!(matches!(error, NetnsError::NoProcess { .. }), "{error}");
    assert_eq!(error.to_string(), "there is no process 4294967295");
}

#[test]
fn a_lack_of_privilege_is_explained() {
    const INSIDE: &str = "NFTDIVERT_TEST_WITHOUT_SYS_ADMIN";
    if std::env::var_os(INSIDE).is_none() {
        let own = std::env::current_exe().unwrap();
        let mut child = Command::new("setpriv");
        child.arg("--bounding-set=-sys_admin").arg(own).env(INSIDE, "1");
        child.args(["--exact", "a_lack_of_privilege_is_explained", "--nocapture"]);
        assert!(child.status().unwrap().success());
        return;
    }
    let enter = Netns::current().unwrap().run(|| ()).unwrap_err().to_string();
    assert!(enter.contains("setns: EPERM: Operation not permitted"), "{enter}");
    assert!(enter.contains("needs CAP_SYS_ADMIN in the user namespace that owns it"), "{enter}");
    let create = Netns::anonymous().unwrap_err().to_string();
    assert!(create.contains("unshare: EPERM: Operation not permitted"), "{create}");
    assert!(create.contains("needs CAP_SYS_ADMIN in the caller's user namespace"), "{create}");
}
