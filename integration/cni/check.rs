//! Point 9: CHECK says what differs, and nothing else.

use nftdivert::net::netns::Netns;
use nftdivert_integration::shell::{ip, nft};
use serde_json::{Value, json};

use nftdivert_integration::caller::{Call, pod, policy, prev_result};

fn keys() -> Value {
    json!({
        "cniVersion": "0.4.0",
        "prevResult": prev_result(),
        "policy": policy(json!({ "inbound": { "mode": "tproxy" } })),
    })
}

fn check(place: &Netns) -> Call<'static> {
    Call::new("CHECK", place, keys())
}

#[test]
fn point_9_check_right_after_add() {
    let place = pod();
    Call::new("ADD", &place, keys()).run().done();
    check(&place).run().silent();
    let answer = check(&place).run();
    assert!(!answer.err.contains("ERROR"), "{answer:?}");
}

#[test]
fn point_9_check_names_what_is_missing_or_changed() {
    let damages: [(&str, &str); 5] = [
        ("delete table inet nftdivert", "table inet nftdivert"),
        ("flush chain inet nftdivert output", "output"),
        ("delete chain inet nftdivert applied", "chain applied"),
        ("insert rule inet nftdivert output accept", "output"),
        ("add chain inet nftdivert stranger", "stranger"),
    ];
    for (damage, object) in damages {
        let place = pod();
        Call::new("ADD", &place, keys()).run().done();
        nft(&place, damage);
        let said = check(&place).run().failed(101, &[object]);
        assert_eq!(said["cniVersion"], "0.4.0");
        // ADD mends it.
        Call::new("ADD", &place, keys()).run().done();
        check(&place).run().silent();
    }
}

#[test]
fn point_9_check_looks_at_more_than_the_table() {
    let place = pod();
    Call::new("ADD", &place, keys()).run().done();
    ip(&place, "rule del fwmark 1337 lookup 133");
    check(&place).run().failed(101, &["fwmark 0x539 lookup 133"]);
}

#[test]
fn point_9_check_where_nothing_was_added() {
    check(&pod()).run().failed(101, &["table inet nftdivert", "found nothing"]);
}

#[test]
fn point_9_check_takes_0_4_0() {
    let place = pod();
    for version in ["0.1.0", "0.2.0", "0.3.0", "0.3.1"] {
        let call = Call::new("CHECK", &place, json!({ "cniVersion": version }));
        let said = call.run().failed(1, &["CHECK", "0.4.0", version]);
        assert_eq!(said["cniVersion"], version);
    }
}
