//! `proxy.match`: one kind of mark is enough, or all that are given must be there.

use nftdivert::demo::{Member, User};

use crate::cgroup::group;
use crate::scenery::{is_not_the_proxy, is_the_proxy, with_proxy};

const MARK: u32 = 0x10000;

#[test]
fn all_of_user_and_mark() {
    let policy = "proxy: {match: all, uids: [1337], mark: 0x10000/0x10000}";
    let fixture = with_proxy(policy, User::PROXY.marked(MARK));
    is_the_proxy(&fixture, User::new(1337, 5).marked(MARK | 7));
    is_not_the_proxy(&fixture, User::PROXY);
    is_not_the_proxy(&fixture, User::APP.marked(MARK));
    is_not_the_proxy(&fixture, User::new(5, 1337).marked(MARK));
}

#[test]
fn all_of_user_and_cgroup() {
    let group = group();
    let policy = format!("proxy: {{match: all, uids: [1337], cgroup: {}}}", group.path());
    let fixture = with_proxy(&policy, User::PROXY.in_cgroup(group.directory()));
    is_the_proxy(&fixture, User::PROXY.in_cgroup(group.directory()));
    // A container of the app that becomes the proxy's user is not the proxy.
    is_not_the_proxy(&fixture, User::PROXY);
    is_not_the_proxy(&fixture, User::APP.in_cgroup(group.directory()));
}

#[test]
fn all_of_several_users_and_groups() {
    let policy = "proxy: {match: all, uids: [1337, 2102], gids: [7, 8, 9, 10, 11]}";
    let fixture = with_proxy(policy, User::new(2102, 8));
    for (uid, gid) in [(1337, 7), (2102, 11), (1337, 9)] {
        is_the_proxy(&fixture, User::new(uid, gid));
    }
    for (uid, gid) in [(1337, 1337), (2102, 12), (7, 7), (1000, 8)] {
        is_not_the_proxy(&fixture, User::new(uid, gid));
    }
}

#[test]
fn all_of_everything() {
    let group = group();
    let policy = format!(
        "proxy: {{match: all, uids: [1337], gids: [2], mark: 0x10000/0x10000, cgroup: {}}}",
        group.path()
    );
    let whole = Member {
        user: User::new(1337, 2),
        mark: Some(MARK),
        cgroup: Some(group.directory().to_owned()),
    };
    let fixture = with_proxy(&policy, whole.clone());
    is_the_proxy(&fixture, whole.clone());
    is_not_the_proxy(&fixture, Member { user: User::new(1337, 3), ..whole.clone() });
    is_not_the_proxy(&fixture, Member { user: User::new(1338, 2), ..whole.clone() });
    is_not_the_proxy(&fixture, Member { mark: Some(1), ..whole.clone() });
    is_not_the_proxy(&fixture, Member { cgroup: None, ..whole });
}

#[test]
fn any_of_all_kinds() {
    let group = group();
    let policy = format!(
        "proxy: {{match: any, uids: [1337], gids: [2], mark: 0x10000/0x10000, \
         netClsClassid: 0x7fff0001, cgroup: {}}}",
        group.path()
    );
    let fixture = with_proxy(&policy, User::APP.marked(MARK));
    is_the_proxy(&fixture, User::new(1337, 5));
    is_the_proxy(&fixture, User::new(5, 2));
    is_the_proxy(&fixture, User::APP.marked(MARK));
    is_the_proxy(&fixture, User::APP.in_cgroup(group.directory()));
    is_not_the_proxy(&fixture, User::APP);
    is_not_the_proxy(&fixture, User::new(2, 1337));
}
