//! Point 7: ADD again, ADD with another policy, ADDs at the same time.

use std::thread::scope;

use nftdivert_integration::fixture::assert_clean;
use serde_json::json;

use nftdivert_integration::caller::{Call, pod, policy, state};

#[test]
fn point_7_add_again_writes_nothing() {
    let place = pod();
    Call::new("ADD", &place, json!({})).run().done();
    let once = state(&place);
    assert!(once.contains("redirect to :15001"));
    for _ in 0..3 {
        Call::new("ADD", &place, json!({})).run().done();
    }
    assert_eq!(state(&place), once);
}

#[test]
fn point_7_add_with_another_policy_replaces() {
    let place = pod();
    Call::new("ADD", &place, json!({})).run().done();
    let other = json!({ "policy": policy(json!({ "inbound": { "ports": [81] } })) });
    Call::new("ADD", &place, other.clone()).run().done();
    assert_clean(&place, "inbound: {ports: [81]}");
    Call::new("CHECK", &place, other).run().silent();
    Call::new("CHECK", &place, json!({})).run().failed(101, &[]);
}

#[test]
fn point_7_another_network_of_the_pod_replaces_nothing() {
    let place = pod();
    Call::new("ADD", &place, json!({})).run().done();
    let before = state(&place);
    let other = |keys: serde_json::Value| {
        let keys = json!({ "name": "other", "policy": policy(keys) });
        Call::new("ADD", &place, keys).with("CNI_IFNAME", "net1")
    };
    other(json!({ "inbound": { "ports": [81] } })).run().failed(105, &["cni mesh eth0"]);
    other(json!({})).run().done();
    Call::new("DEL", &place, json!({ "name": "other" })).with("CNI_IFNAME", "net1").run().silent();
    assert_eq!(state(&place), before);
    Call::new("DEL", &place, json!({})).run().silent();
    assert!(!state(&place).contains("nftdivert"));
}

#[test]
fn point_7_fifty_adds_at_the_same_time() {
    let pods: Vec<_> = (0..50).map(|_| pod()).collect();
    scope(|threads| {
        for (number, place) in pods.iter().enumerate() {
            threads.spawn(move || {
                let id = format!("container-{number}");
                let call = Call::new("ADD", place, json!({})).with("CNI_CONTAINERID", &id);
                call.run().done();
            });
        }
    });
    for place in &pods {
        assert_clean(place, "");
    }
    scope(|threads| {
        for place in &pods {
            threads.spawn(move || Call::new("DEL", place, json!({})).run().silent());
        }
    });
    for place in &pods {
        assert!(!state(place).contains("nftdivert"));
    }
}

#[test]
fn point_7_adds_for_one_container_at_the_same_time_converge() {
    let place = pod();
    scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| Call::new("ADD", &place, json!({})).run().done());
        }
    });
    assert_clean(&place, "");
}
