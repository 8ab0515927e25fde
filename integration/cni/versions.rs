//! Point 6: VERSION, and what each version can do.

use std::io::Read;

use nftdivert_integration::fixture::assert_clean;
use serde_json::{Value, json};

use nftdivert_integration::caller::{Call, pod, prev_result};

const VERSIONS: [&str; 7] = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

#[test]
fn point_6_version_answers_whatever_it_is_sent() {
    let place = pod();
    let wanted = |version: &str| json!({ "cniVersion": version, "supportedVersions": VERSIONS });
    let call = Call::new("VERSION", &place, json!({}));
    for version in VERSIONS {
        let call = call.clone().raw(&format!("{{\"cniVersion\":\"{version}\"}}"));
        assert_eq!(call.run().done(), wanted(version));
    }
    for text in ["", "{", "[]", "{\"cniVersion\":\"9.0.0\"}"] {
        assert_eq!(call.clone().raw(text).run().done(), wanted("1.1.0"), "{text}");
    }
}

#[test]
fn point_6_version_needs_no_end_of_standard_input() {
    let place = pod();
    let mut child = Call::new("VERSION", &place, json!({})).command().spawn().unwrap();
    let open = child.stdin.take().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(child.wait().unwrap().success());
    drop(open);
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(said["supportedVersions"], json!(VERSIONS));
}

#[test]
fn point_6_chains_take_0_3_0() {
    let place = pod();
    let result = json!({ "ips": [], "x": 1 });
    for version in VERSIONS {
        let keys = json!({ "cniVersion": version, "prevResult": result });
        let answer = Call::new("ADD", &place, keys).run();
        if version < "0.3.0" {
            answer.failed(2, &["prevResult", "0.3.0"]);
        } else {
            assert_eq!(answer.done(), json!({ "cniVersion": version, "ips": [], "x": 1 }));
        }
    }
}

#[test]
fn point_6_no_version_is_0_1_0_and_0_2_0_works_alone() {
    for (keys, version) in [
        (json!({ "cniVersion": null }), "0.1.0"),
        (json!({ "cniVersion": "" }), "0.1.0"),
        (json!({ "cniVersion": "0.2.0" }), "0.2.0"),
    ] {
        let place = pod();
        let answer = Call::new("ADD", &place, keys.clone()).run().done();
        assert_eq!(answer, json!({ "cniVersion": version, "dns": {} }));
        assert_clean(&place, "");
        Call::new("DEL", &place, keys).run().silent();
    }
    // A result to go by, as some callers send it to DEL in every version, is passed over there.
    let keys = json!({ "cniVersion": "0.2.0", "prevResult": prev_result() });
    Call::new("DEL", &pod(), keys).run().silent();
}
