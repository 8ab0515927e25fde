//! Two hundred namespaces in one process leave nothing behind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::process::Command;

use nftdivert::net::netns::Netns;

use crate::support::{run, step, text};

#[test]
fn no_namespace_no_descriptor_and_no_thread_is_left() {
    let place = Netns::anonymous().unwrap();
    let output = run(&place, Command::new(step()).args(["rounds", "200"]), "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    println!("{}", text(&output.stdout));
}
