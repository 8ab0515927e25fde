//! Point 8: DEL never fails, and touches nothing that is not ours.

use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::{assert_clean, put};
use nftdivert_integration::shell::nft;
use serde_json::json;

use nftdivert_integration::caller::{Call, path_of, pod, policy, prev_result, state};

fn del(place: &Netns) -> Call<'static> {
    Call::new("DEL", place, json!({ "prevResult": prev_result() }))
}

#[test]
fn point_8_del_takes_away_what_add_did_twice() {
    let place = pod();
    nft(&place, "table inet mine { chain c { type filter hook input priority 0; counter; }; }");
    let before = state(&place);
    for keys in [json!({}), json!({ "policy": policy(json!({ "inbound": { "mode": "tproxy" } })) })]
    {
        Call::new("ADD", &place, keys).run().done();
        assert_ne!(state(&place), before);
        del(&place).run().silent();
        assert_eq!(state(&place), before);
        del(&place).run().silent();
        assert_eq!(state(&place), before);
    }
}

#[test]
fn point_8_del_without_a_namespace() {
    let place = pod();
    let gone = path_of(&Netns::anonymous().unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    let stale = file.path().to_str().unwrap();
    for path in ["", "/run/netns/no-such-thing", "/", "/dev/null", "relative", &gone, stale] {
        del(&place).with("CNI_NETNS", path).run().silent();
    }
    del(&place).without("CNI_NETNS").run().silent();
    Call::new("DEL", &place, json!({})).without("CNI_NETNS").run().silent();
}

#[test]
fn point_8_del_where_nothing_was_added() {
    let place = pod();
    let before = state(&place);
    for keys in
        [json!({}), json!({ "prevResult": prev_result() }), json!({ "cniVersion": "0.2.0" })]
    {
        Call::new("DEL", &place, keys).run().silent();
    }
    assert_eq!(state(&place), before);
}

#[test]
fn point_8_del_with_a_configuration_that_add_refuses() {
    let place = pod();
    Call::new("ADD", &place, json!({})).run().done();
    let wrong = json!({ "polcy": 1, "policy": 7, "logLevel": "loud", "prevResult": [],
        "daemonSocket": "/run/no-such-daemon" });
    Call::new("ADD", &place, wrong.clone()).run().failed(7, &["polcy", "prevResult"][..1]);
    Call::new("DEL", &place, wrong).with("CNI_ARGS", "x").run().silent();
    assert!(!state(&place).contains("nftdivert"));
}

#[test]
fn point_8_del_with_the_daemon_down() {
    let place = pod();
    Call::new("ADD", &place, json!({})).run().done();
    let keys = json!({ "daemonSocket": "/run/no-such-daemon" });
    Call::new("DEL", &place, keys).run().silent();
    assert!(!state(&place).contains("nftdivert"));
}

#[test]
fn point_8_del_leaves_what_others_applied() {
    let place = pod();
    put(&place, "").unwrap();
    del(&place).run().silent();
    assert_clean(&place, "");
    nft(&place, "delete table inet nftdivert; add table inet nftdivert { comment \"theirs\"; }");
    let before = state(&place);
    del(&place).run().silent();
    assert_eq!(state(&place), before);
}

#[test]
fn point_8_del_of_another_network_or_interface_leaves_capture() {
    let place = pod();
    Call::new("ADD", &place, json!({})).run().done();
    del(&place).with("CNI_IFNAME", "net1").run().silent();
    Call::new("DEL", &place, json!({ "name": "other" })).run().silent();
    assert_clean(&place, "");
    del(&place).run().silent();
    assert!(!state(&place).contains("nftdivert"));
}

#[test]
fn point_8_del_finishes_what_was_cut_off() {
    let place = pod();
    Call::new("ADD", &place, json!({})).run().done();
    nft(&place, "flush table inet nftdivert; delete chain inet nftdivert applied");
    del(&place).run().silent();
    assert!(!state(&place).contains("table inet nftdivert"));
}
