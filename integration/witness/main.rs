//! A second implementation as witness: what rustables reads and writes, next to ours. Needs root.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod cut;
mod fares;
mod foreign;
mod limits;
mod reading;
mod reference;

use std::process::Command;

use nftdivert::apply::{
    Applied, ApplyOptions, Captured, HostRule, LiveConnections, OtherMeshes, RemoveOptions,
    Removed, Target, apply, remove,
};
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;

fn policy(text: &str) -> CapturePolicy {
    CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap()
}

fn target(place: &Netns) -> Target {
    Target::other(place.try_clone().unwrap(), HostRule::Refuse)
}

fn capture(place: &Netns, policy: &CapturePolicy) -> Applied {
    let options = ApplyOptions {
        source: "witness".into(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    apply(&target(place), policy, &options).unwrap()
}

fn release(place: &Netns) -> Removed {
    let options = RemoveOptions { captured: Captured::Cut, progress: &|_| () };
    remove(&target(place), &options).unwrap()
}

/// What a program prints in a namespace; it must succeed.
fn program(place: &Netns, words: &[&str]) -> String {
    let mut command = Command::new(words[0]);
    let output = place.run(|| command.args(&words[1..]).output()).unwrap().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
