//! Point 7: ADD, its result, and what becomes of real connections.

use nftdivert::demo::User;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{Fixture, take_away};
use serde_json::json;

use nftdivert_integration::caller::{Call, pod, policy, prev_result, state};

const WORLD: [&str; 2] = ["192.0.2.10", "2001:db8::10"];
const POD: [&str; 2] = ["10.88.0.2", "fd88::2"];

/// A pod with its proxy and the world, and no capture yet.
fn uncaptured() -> Fixture {
    let fixture = Fixture::new("");
    take_away(&fixture.bed.pod).unwrap();
    for world in at(WORLD, 80) {
        fixture.direct(User::APP, world, "world");
    }
    fixture
}

fn is_captured(fixture: &Fixture) {
    for (world, pod) in at(WORLD, 80).into_iter().zip(at(POD, 8080)) {
        fixture.captured_outbound(User::APP, world);
        fixture.direct(User::PROXY, world, "world");
        fixture.captured_inbound(pod);
        fixture.self_call(User::PROXY, pod);
    }
}

#[test]
fn point_7_add_captures_and_answers_with_the_result_before() {
    let fixture = uncaptured();
    let keys = json!({ "prevResult": prev_result(), "ipMasq": true, "dns": {} });
    let answer = Call::new("ADD", &fixture.bed.pod, keys.clone()).run();
    let mut wanted = prev_result();
    wanted["cniVersion"] = "1.1.0".into();
    assert_eq!(answer.done(), wanted);
    is_captured(&fixture);
    Call::new("CHECK", &fixture.bed.pod, keys.clone()).run().silent();
    Call::new("DEL", &fixture.bed.pod, keys).run().silent();
    for world in at(WORLD, 80) {
        fixture.direct(User::APP, world, "world");
    }
}

#[test]
fn point_7_keys_numbers_and_their_order_stay_as_they_were() {
    let place = pod();
    let result =
        r#"{"z":1.50,"cniVersion":"0.4.0","ips":[],"b":{"y":1E5,"a":12345678901234567890123}}"#;
    let conf = format!(
        r#"{{"type":"nftdivert","prevResult":{result},"name":"mesh","cniVersion":"0.4.0"}}"#
    );
    let answer = Call::new("ADD", &place, json!({})).raw(&conf).run();
    assert_eq!((answer.code, answer.out.trim_end()), (0, result));
}

#[test]
fn point_7_add_alone_works_in_every_version() {
    for version in ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] {
        let fixture = uncaptured();
        let answer = Call::new("ADD", &fixture.bed.pod, json!({ "cniVersion": version })).run();
        assert_eq!(answer.done(), json!({ "cniVersion": version, "dns": {} }));
        is_captured(&fixture);
    }
}

#[test]
fn point_7_the_administrators_policy_is_what_holds() {
    let fixture = uncaptured();
    let text = policy(json!({
        "outbound": { "excludeRanges": ["2001:db8::/32"] },
        "inbound": { "mode": "tproxy" },
    }));
    Call::new("ADD", &fixture.bed.pod, json!({ "policy": text })).run().done();
    let [v4, v6] = at(WORLD, 80);
    fixture.captured_outbound(User::APP, v4);
    fixture.direct(User::APP, v6, "world");
    assert!(state(&fixture.bed.pod).contains("tproxy to :15006"));
}

#[test]
fn point_7_tproxy_works_where_lo_is_not_up_yet() {
    // containerd adds its loopback network at the same time as the others.
    let place = nftdivert::net::netns::Netns::anonymous().unwrap();
    let keys = json!({ "policy": policy(json!({ "inbound": { "mode": "tproxyFast" } })) });
    Call::new("ADD", &place, keys.clone()).run().done();
    Call::new("CHECK", &place, keys).run().silent();
}

#[test]
fn pods_of_excluded_namespaces_are_left_alone() {
    let place = pod();
    let before = state(&place);
    let keys = json!({ "prevResult": prev_result(), "cniVersion": "1.0.0" });
    let args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=kube-system;K8S_POD_NAME=dns";
    for verb in ["ADD", "CHECK"] {
        let answer = Call::new(verb, &place, keys.clone()).with("CNI_ARGS", args).run();
        if verb == "ADD" {
            assert_eq!(answer.done(), prev_result());
            assert!(answer.err.contains("namespace kube-system is excluded"), "{answer:?}");
        } else {
            answer.silent();
        }
        assert_eq!(state(&place), before);
    }
    let others = json!({ "excludeNamespaces": ["ops"] });
    Call::new("ADD", &place, others).with("CNI_ARGS", args).run().done();
    assert_ne!(state(&place), before);
}
