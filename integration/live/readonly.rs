//! Where `/proc/sys` can't be written, as in most containers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

use crate::support::{Pod, policy_file, run, said, state, step, tcp_loose, text};

/// Applies as a process that sees `/proc/sys` read-only.
fn apply(pod: &Pod, verb: &str, policy: &str) -> Output {
    let file = policy_file(policy);
    let script = "mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && \
                  exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, step(), verb]).arg(file.path());
    run(&pod.bed.pod, &mut command, "")
}

#[test]
fn connections_that_live_are_not_broken_unasked_and_nothing_is_changed() {
    let pod = Pod::new();
    let mut talks = pod.talks();
    let before = state(&pod.bed.pod);
    let output = apply(&pod, "apply", "");
    let complaint = text(&output.stderr);
    assert!(!output.status.success());
    assert!(complaint.starts_with("TCP connections live in this namespace"), "{complaint}");
    assert!(complaint.contains("/proc/sys is read-only here"), "{complaint}");
    assert!(complaint.contains("--break-live"), "{complaint}");
    assert!(!complaint.contains("could not be put back"), "{complaint}");
    assert_eq!(state(&pod.bed.pod), before);
    crate::support::echo_all(&mut talks);
}

#[test]
fn they_are_broken_where_that_is_asked_for() {
    let pod = Pod::new();
    let talks = pod.talks();
    let output = apply(&pod, "apply-break", "");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(said.starts_with("Created\n"), "{said}");
    assert!(said.contains("note: connections that live now break"), "{said}");
    assert_eq!(tcp_loose(&pod.bed.pod), 1);
    pod.captures_all();
    drop(talks);
}

#[test]
fn where_no_connection_lives_the_setting_is_not_needed() {
    let pod = Pod::new();
    let output = apply(&pod, "apply", "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.starts_with("Created\nnote: capture does without"), "{said}");
    assert!(said.contains("for no connection lives"), "{said}");
    pod.captures_all();
}

#[test]
fn a_connection_that_has_ended_lives_no_more() {
    let pod = Pod::new();
    let listener = pod.bed.pod.run(|| TcpListener::bind("127.0.0.1:0")).unwrap().unwrap();
    let to = listener.local_addr().unwrap();
    let client = pod.bed.pod.run(|| TcpStream::connect(to)).unwrap().unwrap();
    let (server, _) = listener.accept().unwrap();
    drop((client, server));
    let waiting = said(&pod.bed.pod, "ss -Htan state time-wait", "");
    assert_eq!(waiting.lines().count(), 1, "{waiting}");
    let output = apply(&pod, "apply", "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("for no connection lives"));
    pod.captures_all();
}

#[test]
fn where_the_value_is_zero_already_the_setting_is_not_needed() {
    let pod = Pod::new();
    let mut talks = pod.talks();
    crate::support::set_tcp_loose(&pod.bed.pod, 0);
    let output = apply(&pod, "apply", "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    crate::support::echo_all(&mut talks);
}

#[test]
fn capture_that_is_there_can_be_replaced() {
    let pod = Pod::new();
    let mut old = pod.talks();
    pod.apply(&crate::support::policy("")).unwrap();
    let output = apply(&pod, "apply", "counters: on");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "Replaced\n");
    crate::support::echo_all(&mut old);
}
