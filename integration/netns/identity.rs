//! The proxy is known by any of its users and groups, in every line that asks for it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::demo::{ProxyOptions, User};
use nftdivert_integration::fixture::{Fixture, Scene};

use crate::scenery::{pod, world};

fn fixture(policy: &str, user: User) -> Fixture {
    let proxy = ProxyOptions { member: user.into(), ..ProxyOptions::default() };
    Fixture::start(&Scene { policy, proxy, ..Scene::default() })
}

#[track_caller]
fn is_the_proxy(fixture: &Fixture, user: User) {
    for to in world() {
        fixture.direct(user, to, "world");
    }
    for to in pod() {
        fixture.self_call(user, to);
    }
}

#[track_caller]
fn is_not_the_proxy(fixture: &Fixture, user: User) {
    for to in world() {
        fixture.captured_outbound(user, to);
    }
    for to in pod() {
        fixture.direct(user, to, "app");
    }
}

#[test]
fn by_default_1337_is_the_user_or_the_group() {
    let fixture = fixture("", User::PROXY);
    for user in [User::new(1337, 1337), User::new(1337, 5), User::new(5, 1337)] {
        is_the_proxy(&fixture, user);
    }
    for user in [User::new(1336, 1336), User::new(1338, 1338), User::ROOT] {
        is_not_the_proxy(&fixture, user);
    }
}

#[test]
fn each_of_several_users_is_the_proxy() {
    let fixture = fixture("proxy: {uids: [2102, 5678, 5995], gids: []}", User::new(5678, 1));
    for uid in [2102, 5678, 5995] {
        is_the_proxy(&fixture, User::new(uid, 1));
    }
    is_not_the_proxy(&fixture, User::new(1337, 2102));
}

#[test]
fn each_of_several_groups_is_the_proxy() {
    let fixture = fixture("proxy: {uids: [], gids: [2102, 5678, 5995]}", User::new(1, 5995));
    for gid in [2102, 5678, 5995] {
        is_the_proxy(&fixture, User::new(1, gid));
    }
    is_not_the_proxy(&fixture, User::new(2102, 1337));
}

#[test]
fn users_and_groups_are_one_identity() {
    let fixture = fixture("proxy: {uids: [2102, 0], gids: [5678, 9]}", User::new(1, 9));
    for user in [User::new(2102, 1), User::new(0, 1), User::new(1, 5678), User::new(1, 9)] {
        is_the_proxy(&fixture, user);
    }
    for user in [User::new(5678, 2102), User::new(9, 0), User::APP] {
        is_not_the_proxy(&fixture, user);
    }
}

#[test]
fn groups_are_the_users_numbers_unless_said() {
    let fixture = fixture("proxy: {uids: [2102, 5678]}", User::new(2102, 1));
    for user in [User::new(5678, 1), User::new(1, 2102), User::new(1, 5678)] {
        is_the_proxy(&fixture, user);
    }
    is_not_the_proxy(&fixture, User::PROXY);
}

#[test]
fn a_user_alone_is_not_its_group() {
    let fixture = fixture("proxy: {gids: []}", User::new(1337, 1));
    is_the_proxy(&fixture, User::new(1337, 1));
    is_not_the_proxy(&fixture, User::new(1, 1337));
}

#[test]
fn a_group_alone_is_not_its_user() {
    let fixture = fixture("proxy: {uids: [], gids: [1337]}", User::new(1, 1337));
    is_the_proxy(&fixture, User::new(1, 1337));
    is_not_the_proxy(&fixture, User::new(1337, 1));
}

#[test]
fn many_users_and_groups_are_looked_up() {
    let text = "proxy: {uids: [11, 4, 9, 70000, 7], gids: [30, 22, 65536, 28, 24, 26]}";
    let fixture = fixture(text, User::new(9, 1));
    for uid in [4, 7, 9, 11, 70000] {
        is_the_proxy(&fixture, User::new(uid, 1));
    }
    for gid in [22, 24, 26, 28, 30, 65536] {
        is_the_proxy(&fixture, User::new(1, gid));
    }
    for user in [User::new(8, 1), User::new(22, 1), User::new(1, 4), User::new(0, 0)] {
        is_not_the_proxy(&fixture, user);
    }
}
