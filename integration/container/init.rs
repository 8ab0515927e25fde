//! An injector's init container, the validation containers after it, and traffic in the end.

use nftdivert::demo::User;
use nftdivert_integration::asserts::at;

use crate::pod::{Pod, istio};

const WORLD: [&str; 2] = ["192.0.2.10", "2001:db8::10"];
const OWN: [&str; 2] = ["10.88.0.2", "fd88::2"];

#[test]
fn an_injected_pod_is_captured_and_proven() {
    let pod = Pod::new();
    let init = pod.init(&istio(&[]));
    assert_eq!(init.code, 0, "{init:?}");
    let validation = istio(&["--run-validation", "--skip-rule-apply"]);
    let proven = pod.as_proxy(&validation);
    assert_eq!(proven.code, 0, "{proven:?}");
    let fixture = pod.start("");
    for ((world, own), [proxy, app]) in at(WORLD, 80)
        .into_iter()
        .zip(at(OWN, 8080))
        .zip([[User::PROXY, User::APP], [User::PROXY, User::APP]])
    {
        fixture.captured_outbound(app, world);
        fixture.direct(proxy, world, "world");
        fixture.captured_inbound(own);
        fixture.self_call(proxy, own);
    }
}

/// A native sidecar that started before has them; `/proc/sys` is read-only in containers.
#[test]
fn living_connections_stop_apply_but_not_istios_command() {
    let pod = Pod::new();
    let _talk = pod.talk();
    let refused = pod.init(&["apply"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("--break-live"), "{refused:?}");
    assert_eq!(pod.rules(), "");
    let applied = pod.init(&istio(&[]));
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(applied.err.contains("connections that live now break"), "{applied:?}");
}

#[test]
fn what_each_user_proves() {
    let pod = Pod::new();
    assert_eq!(pod.init(&["apply"]).code, 0);
    let of = |ran: nftdivert_integration::ran::Ran| {
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.json()["findings"].as_array().unwrap().len()
    };
    assert!(of(pod.as_proxy(&["probe", "--output", "json"])) > 3);
    assert!(of(pod.as_app(&["probe", "--output", "json"])) > 3);
}

#[test]
fn validation_fails_where_capture_does_not_hold() {
    let pod = Pod::new();
    let validation = istio(&["--run-validation", "--skip-rule-apply"]);
    for ran in [pod.as_proxy(&validation), pod.as_proxy(&["probe"]), pod.as_app(&["probe"])] {
        assert_eq!(ran.code, 126, "{ran:?}");
    }
    assert_eq!(pod.rules(), "");
}

#[test]
fn a_clean_up_leaves_nothing() {
    let pod = Pod::new();
    assert_eq!(pod.init(&istio(&[])).code, 0);
    assert_ne!(pod.rules(), "");
    assert_eq!(pod.init(&["istio-iptables", "--cleanup-only"]).code, 0);
    assert_eq!(pod.rules(), "");
}
