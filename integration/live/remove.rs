//! Removing: captured connections are cut and counted, everything else is as before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use nftdivert::apply::{Captured, State, status};
use nftdivert::policy::CapturePolicy;

use crate::support::{Pod, policy, said, state, until};

#[test]
fn captured_connections_are_cut_and_counted() {
    let pod = Pod::new();
    let before = state(&pod.bed.pod);
    pod.apply(&CapturePolicy::default()).unwrap();
    let mut talks = pod.talks();
    talks.extend(pod.talks());
    drop(pod.talk(talks[0].0));
    // The ninth has hung up; its end is a few packets away.
    let captured = || status(&pod.target()).unwrap().captured_connections;
    until("eight are left", || captured() == Some(8));
    let removed = pod.remove(Captured::Cut).unwrap();
    assert!(removed.was_there && removed.notes.is_empty(), "{removed:?}");
    assert_eq!(removed.cut, Some(8));
    assert_eq!(state(&pod.bed.pod), before);
    for (way, talk) in &mut talks {
        let error = talk.echo(b"still here?").expect_err("it must be cut");
        println!("{way:?}: {error}");
    }
    pod.captures_none();
}

#[test]
fn what_was_never_captured_is_not_counted() {
    let pod = Pod::new();
    pod.apply(&policy("outbound: {excludePorts: [80]}\ninbound: {ports: []}")).unwrap();
    let mut talks = pod.talks();
    assert_eq!(pod.remove(Captured::Cut).unwrap().cut, Some(0));
    crate::support::echo_all(&mut talks);
}

#[test]
fn removing_again_finds_nothing() {
    let pod = Pod::new();
    let before = state(&pod.bed.pod);
    pod.apply(&CapturePolicy::default()).unwrap();
    assert!(pod.remove(Captured::Cut).unwrap().was_there);
    let again = pod.remove(Captured::Cut).unwrap();
    assert!(!again.was_there && again.cut == Some(0), "{again:?}");
    assert_eq!(state(&pod.bed.pod), before);
    assert_eq!(status(&pod.target()).unwrap().state, State::NotApplied);
}

#[test]
fn what_others_set_up_stays() {
    let pod = Pod::new();
    said(&pod.bed.pod, "ip -6 address add ::6/128 dev lo nodad", "");
    said(&pod.bed.pod, "nft add table inet other", "");
    let before = state(&pod.bed.pod);
    pod.apply(&CapturePolicy::default()).unwrap();
    pod.remove(Captured::Cut).unwrap();
    assert_eq!(state(&pod.bed.pod), before);
}
