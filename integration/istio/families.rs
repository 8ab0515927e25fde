//! IPv6 is captured as IPv4 is, or not at all; never without the exceptions.

use nftdivert::demo::{Dial, User};
use nftdivert_integration::asserts::{PASSTHROUGH, at};
use nftdivert_integration::fate::{Case, From};

use crate::mesh::{IPV4_DETECTED, apply, fails, install, pod, stage, world};

/// What a captured family needs.
fn captured() -> Vec<Case> {
    let mut cases = Vec::new();
    let localhost = at(["127.0.0.1", "::1"], 8080);
    for (n, own) in pod(8080).into_iter().enumerate() {
        cases.push(Case::out("app", User::APP, world()[n], "outbound to world"));
        cases.push(Case::out("self-call", User::PROXY, own, "inbound to app"));
        cases.push(Case::out("loopback", User::APP, localhost[n], "direct to app"));
        cases.push(Case::into_pod("client", own, "inbound to app"));
        let dial = Dial::new(User::PROXY, own).source(PASSTHROUGH[n]);
        cases.push(Case::dial("passthrough", From::Pod, (dial, own), "direct to app"));
    }
    cases
}

/// What a family needs that is not captured.
fn bypassed() -> Vec<Case> {
    let (world, own) = (world()[1], pod(8080)[1]);
    vec![
        Case::out("app", User::APP, world, "direct to world"),
        Case::out("self-call", User::PROXY, own, "direct to app"),
        Case::into_pod("client", own, "direct to app"),
    ]
}

#[test]
fn a_family_is_guarded_where_it_is_captured() {
    let theirs = stage();
    install(&theirs.bed.pod, IPV4_DETECTED);
    let told = [
        "self-call -> [fd88::2]:8080: direct",
        "client -> [fd88::2]:8080: inbound (failed) no answer",
        // The address is not even there.
        "passthrough -> [fd88::2]:8080: direct no answer",
    ];
    fails(&theirs.wrong(&captured()), &told);
    let told = ["app -> [2001:db8::10]:80: outbound", "client -> [fd88::2]:8080: inbound"];
    fails(&theirs.wrong(&bypassed()), &told);

    let ours = stage();
    apply(&ours, "ipv6: capture");
    ours.all_right(&captured());
    apply(&ours, "ipv6: bypass");
    ours.all_right(&bypassed());
}
