//! Point 7: a failed ADD leaves no rule, no address and no route behind.

use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::nft;
use serde_json::{Value, json};

use nftdivert_integration::caller::{Call, closed_pipe, pod, policy, state};

const ISTIO: &str = "table inet istio-proxy-nat { chain output { \
    type nat hook output priority -100; tcp dport 80 redirect to :15001; }; }";

#[track_caller]
fn leaves_nothing(place: &Netns, call: &Call<'_>, code: u8, words: &[&str]) {
    let before = state(place);
    call.run().failed(code, words);
    assert_eq!(state(place), before);
    // And the DEL that follows works, and touches nothing of others.
    let del = call.clone().with("CNI_COMMAND", "DEL");
    del.run().silent();
    assert_eq!(state(place), before);
}

fn add(place: &Netns, keys: Value) -> Call<'static> {
    Call::new("ADD", place, keys)
}

#[test]
fn point_7_where_another_mesh_captures() {
    let place = pod();
    nft(&place, ISTIO);
    leaves_nothing(&place, &add(&place, json!({})), 103, &["Istio", "istio-proxy-nat"]);
}

#[test]
fn point_7_where_a_table_of_our_name_is_somebody_elses() {
    let place = pod();
    nft(&place, "table inet nftdivert { chain mine { counter; }; }");
    leaves_nothing(&place, &add(&place, json!({})), 100, &["did not write"]);
}

#[test]
fn point_7_where_an_effect_is_refused_after_others_were_made() {
    let place = pod();
    nftdivert_integration::shell::ip(&place, "-6 route add blackhole default table 133");
    let keys = json!({ "policy": policy(json!({ "inbound": { "mode": "tproxy" } })) });
    leaves_nothing(&place, &add(&place, keys), 100, &["133"]);
}

#[test]
fn point_7_where_the_configuration_is_wrong() {
    let place = pod();
    let wrong = json!({ "polcy": {}, "policy": policy(json!({ "ipv6": "on" })) });
    leaves_nothing(&place, &add(&place, wrong), 7, &["polcy", "policy.ipv6"]);
    let group = json!({ "policy": policy(json!({ "proxy": { "cgroup": "/mesh/envoy" } })) });
    leaves_nothing(&place, &add(&place, group), 7, &["policy.proxy.cgroup"]);
    let dns = json!({ "policy": policy(json!({ "dns": { "capture": "listed" } })) });
    leaves_nothing(&place, &add(&place, dns), 7, &["resolvConf", "dns.servers"]);
}

#[test]
fn point_7_where_nobody_reads_the_result() {
    let place = pod();
    let before = state(&place);
    let call = add(&place, json!({}));
    let mut command = call.command();
    command.stdout(closed_pipe());
    let answer = call.run_as(command);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.err.contains("pod captured"), "{answer:?}");
    assert!(answer.err.contains("can't write the result"), "{answer:?}");
    assert_eq!(state(&place), before);
}
