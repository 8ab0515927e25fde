//! `proxy.mark`: the proxy is known by bits of the mark on its sockets.

use nftdivert::demo::User;

use crate::scenery::{is_not_the_proxy, is_the_proxy, pod, with_proxy};

const MARK: u32 = 0x10000;

#[test]
fn the_marked_are_the_proxy_whoever_they_are() {
    let policy = "proxy: {uids: [], gids: [], mark: 0x10000/0x10000}";
    let fixture = with_proxy(policy, User::PROXY.marked(MARK));
    for user in [User::PROXY, User::APP, User::ROOT] {
        is_the_proxy(&fixture, user.marked(MARK));
        is_not_the_proxy(&fixture, user);
        is_not_the_proxy(&fixture, user.marked(0x8000));
    }
    for to in pod() {
        fixture.captured_inbound(to);
    }
}

#[test]
fn bits_outside_of_the_mask_do_not_count() {
    let policy = "proxy: {uids: [], gids: [], mark: 0x10000/0x10000}";
    let fixture = with_proxy(policy, User::APP.marked(MARK | 0xff));
    for mark in [0xffff_ffff, MARK | 1, MARK | 0x8000_0000] {
        is_the_proxy(&fixture, User::APP.marked(mark));
    }
    for mark in [0xfffe_ffff, 1, 0x8000_0000, 0x20000] {
        is_not_the_proxy(&fixture, User::APP.marked(mark));
    }
}

#[test]
fn bits_of_the_mask_that_are_zero_must_be_zero() {
    let policy = "proxy: {uids: [], gids: [], mark: 0x10/0xff}";
    let fixture = with_proxy(policy, User::APP.marked(0x10));
    is_the_proxy(&fixture, User::APP.marked(0xab10));
    is_not_the_proxy(&fixture, User::APP.marked(0x11));
    is_not_the_proxy(&fixture, User::APP.marked(0x30));
}

#[test]
fn a_mark_without_a_mask_is_all_of_it() {
    let fixture = with_proxy("proxy: {uids: [], gids: [], mark: 77}", User::APP.marked(77));
    is_the_proxy(&fixture, User::ROOT.marked(77));
    is_not_the_proxy(&fixture, User::ROOT.marked(77 | MARK));
}
