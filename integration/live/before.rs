//! Connections that live before apply: they go on as they were, and new ones are captured.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::apply::{Captured, Outcome};
use nftdivert::net::netns::Netns;
use nftdivert::policy::CapturePolicy;
use nftdivert::verify::verify;

use crate::support::{
    Pod, echo_all, options, policy, set_tcp_loose, state, target, tcp_loose, ways,
};

#[test]
fn they_are_neither_broken_nor_captured_and_new_ones_are_captured() {
    let pod = Pod::new();
    let mut old = pod.talks();
    echo_all(&mut old);
    let before = state(&pod.bed.pod);
    assert_eq!(tcp_loose(&pod.bed.pod), 1);
    assert_eq!(pod.apply(&CapturePolicy::default()).unwrap().outcome, Outcome::Created);
    assert_eq!(tcp_loose(&pod.bed.pod), 0);
    echo_all(&mut old);
    assert!(pod.proxy.seen().is_empty(), "{:?}", pod.proxy.seen());
    pod.captures_all();
    echo_all(&mut old);
    assert_eq!(pod.proxy.seen().len(), 4);
    assert!(verify(&pod.target(), &CapturePolicy::default()).unwrap().differences.is_empty());
    pod.remove(Captured::Cut).unwrap();
    assert_eq!(state(&pod.bed.pod), before);
    echo_all(&mut old);
}

#[test]
fn they_live_through_replacing_too() {
    let pod = Pod::new();
    let mut old = pod.talks();
    let before = state(&pod.bed.pod);
    for text in ["", "counters: on", "ipv6: bypass", "outbound: {ranges: []}", ""] {
        pod.apply(&policy(text)).unwrap();
        echo_all(&mut old);
        assert_eq!(tcp_loose(&pod.bed.pod), 0, "{text}");
    }
    assert!(pod.proxy.seen().is_empty(), "{:?}", pod.proxy.seen());
    pod.remove(Captured::Cut).unwrap();
    assert_eq!(state(&pod.bed.pod), before);
}

#[test]
fn one_is_enough_whichever_way_it_goes() {
    for way in ways() {
        let pod = Pod::new();
        let mut talk = pod.talk(way);
        pod.apply(&CapturePolicy::default()).unwrap();
        assert_eq!(tcp_loose(&pod.bed.pod), 0, "{way:?}");
        talk.echo(b"still here").unwrap();
        assert!(pod.proxy.seen().is_empty(), "{way:?}");
        pod.remove(Captured::Cut).unwrap();
        assert_eq!(tcp_loose(&pod.bed.pod), 1, "{way:?}");
    }
}

#[test]
fn a_value_that_was_zero_already_stays_zero() {
    let pod = Pod::new();
    let mut old = pod.talks();
    set_tcp_loose(&pod.bed.pod, 0);
    pod.apply(&CapturePolicy::default()).unwrap();
    echo_all(&mut old);
    pod.remove(Captured::Cut).unwrap();
    assert_eq!(tcp_loose(&pod.bed.pod), 0);
}

#[test]
fn without_sockets_the_setting_is_not_touched() {
    let empty = Netns::anonymous().unwrap();
    nftdivert::apply::apply(&target(&empty), &CapturePolicy::default(), &options()).unwrap();
    assert_eq!(tcp_loose(&empty), 1);
}

#[test]
fn a_socket_that_listens_may_have_a_connection_a_moment_later() {
    let listening = Pod::new();
    listening.apply(&CapturePolicy::default()).unwrap();
    assert_eq!(tcp_loose(&listening.bed.pod), 0);
    listening.captures_all();
    listening.remove(Captured::Cut).unwrap();
    assert_eq!(tcp_loose(&listening.bed.pod), 1);
}

#[test]
fn connections_that_capture_saw_begin_do_not_touch_the_setting() {
    let pod = Pod::new();
    pod.apply(&CapturePolicy::default()).unwrap();
    set_tcp_loose(&pod.bed.pod, 1);
    let mut talks = pod.talks();
    pod.apply(&policy("counters: on")).unwrap();
    assert_eq!(tcp_loose(&pod.bed.pod), 1);
    echo_all(&mut talks);
}
