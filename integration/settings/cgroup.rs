//! `proxy.cgroup`: the proxy is known by the cgroup v2 in which its sockets were made.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use nftdivert::apply::{ApplyError, Outcome};
use nftdivert::demo::{Cgroup, User};
use nftdivert_integration::fixture::{Fixture, assert_clean, check, put};
use nftdivert_integration::shell::nft_list;

use crate::identity::joins_after_its_socket;
use crate::scenery::{is_not_the_proxy, is_the_proxy, with_proxy, world};

pub(crate) fn name() -> String {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let nth = MADE.fetch_add(1, Ordering::Relaxed);
    format!("nftdivert-settings-{}-{nth}", std::process::id())
}

pub(crate) fn group() -> Cgroup {
    Cgroup::below_own(&name()).unwrap()
}

fn policy(group: &Cgroup) -> String {
    format!("proxy: {{uids: [], gids: [], cgroup: {}}}", group.path())
}

/// A threaded group below another; removed with this value.
struct Below(PathBuf);

impl Below {
    fn new(group: &Cgroup) -> Self {
        let below = Self(group.directory().join("worker"));
        fs::create_dir(&below.0).unwrap();
        fs::write(below.0.join("cgroup.type"), "threaded").unwrap();
        below
    }
}

impl Drop for Below {
    fn drop(&mut self) {
        // A thread that was joined leaves its cgroup a moment later.
        for _ in 0..1000 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

#[test]
fn those_in_the_group_and_below_are_the_proxy() {
    let group = group();
    let (below, beside) = (Below::new(&group), Cgroup::below_own(&name()).unwrap());
    let fixture = with_proxy(&policy(&group), User::ROOT.in_cgroup(group.directory()));
    for user in [User::APP, User::PROXY, User::ROOT] {
        is_not_the_proxy(&fixture, user);
    }
    is_not_the_proxy(&fixture, User::ROOT.in_cgroup(beside.directory()));
    is_the_proxy(&fixture, User::APP.in_cgroup(group.directory()));
    is_the_proxy(&fixture, User::ROOT.in_cgroup(&below.0));
}

#[test]
fn a_group_below_does_not_stand_for_the_one_above() {
    let group = group();
    let below = Below::new(&group);
    let policy = format!("proxy: {{uids: [], gids: [], cgroup: {}/worker}}", group.path());
    let fixture = with_proxy(&policy, User::ROOT.in_cgroup(&below.0));
    is_the_proxy(&fixture, User::APP.in_cgroup(&below.0));
    is_not_the_proxy(&fixture, User::APP.in_cgroup(group.directory()));
}

#[test]
fn who_joins_after_making_its_socket_is_captured() {
    let group = group();
    let fixture = with_proxy(&policy(&group), User::ROOT.in_cgroup(group.directory()));
    for to in world() {
        let before = fixture.proxy.seen().len();
        joins_after_its_socket(&fixture.bed.pod, group.directory(), to);
        assert_eq!(fixture.proxy.seen().len(), before + 1, "{to}: not captured");
    }
}

/// The proxy goes on by its user id, so that what is made of the group shows in a client alone.
#[test]
fn a_group_made_anew_is_told_by_verify_and_found_by_apply() {
    let name = name();
    let group = Cgroup::below_own(&name).unwrap();
    let policy = format!("proxy: {{uids: [1337], gids: [], cgroup: {}}}", group.path());
    let fixture = Fixture::new(&policy);
    let pod = &fixture.bed.pod;
    is_the_proxy(&fixture, User::APP.in_cgroup(group.directory()));
    assert_clean(pod, &policy);

    drop(group);
    let gone = check(pod, &policy).unwrap_err();
    assert!(matches!(gone, ApplyError::Cgroup(_)), "{gone}");
    let group = Cgroup::below_own(&name).unwrap();
    is_not_the_proxy(&fixture, User::APP.in_cgroup(group.directory()));
    let found = check(pod, &policy).unwrap().differences;
    assert!(!found.is_empty(), "verify takes the dead rule for a good one");
    let shown = format!("{found:?}");
    assert!(shown.contains("cgroup"), "{shown}");

    assert_eq!(fixture.replace(&policy).outcome, Outcome::Replaced);
    assert_clean(pod, &policy);
    is_the_proxy(&fixture, User::APP.in_cgroup(group.directory()));
}

#[test]
fn a_group_that_is_not_there_is_refused_before_anything_is_written() {
    let fixture = Fixture::new("");
    let before = nft_list(&fixture.bed.pod, "ruleset");
    let empty = nftdivert::net::netns::Netns::anonymous().unwrap();
    for place in [&fixture.bed.pod, &empty] {
        let error = put(place, "proxy: {cgroup: /surely/nowhere}").unwrap_err();
        assert!(matches!(error, ApplyError::Cgroup(_)), "{error}");
        let said = error.to_string();
        assert!(said.starts_with("proxy.cgroup: ") && said.contains("/surely/nowhere"), "{said}");
    }
    assert_eq!(nft_list(&fixture.bed.pod, "ruleset"), before);
    assert_eq!(nft_list(&empty, "ruleset"), "");
}
