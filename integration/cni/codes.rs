//! Point 1: error objects on standard output, their codes, and nothing touched.

use serde_json::json;

use nftdivert_integration::caller::{Call, pod, state};

#[test]
fn point_1_codes_of_requests_that_are_wrong() {
    let place = pod();
    let before = state(&place);
    let add = |keys| Call::new("ADD", &place, keys);
    let version = add(json!({ "cniVersion": "2.0.0" })).run().failed(1, &["2.0.0", "1.1.0"]);
    assert_eq!(version["cniVersion"], "1.1.0");
    let field = json!({ "cniVersion": "0.2.0", "prevResult": { "ip4": {} } });
    let field = add(field).run().failed(2, &["prevResult", "ip4"]);
    assert_eq!(field["cniVersion"], "0.2.0");
    add(json!({})).without("CNI_NETNS").run().failed(4, &["CNI_NETNS"]);
    for text in ["", "{", "[]", "nothing", "{\"cniVersion\": 1}"] {
        add(json!({})).raw(text).run().failed(6, &[]);
    }
    add(json!({ "name": "a/b" })).run().failed(7, &["name", "a/b"]);
    add(json!({ "name": null })).run().failed(7, &["name"]);
    add(json!({ "polcy": 1 })).run().failed(7, &["polcy", "policy"]);
    assert_eq!(state(&place), before);
}

#[test]
fn point_1_a_namespace_that_is_none_is_8() {
    // Not 3: that would say that the plugins before us need no DEL.
    let place = pod();
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in ["/run/netns/no-such-thing", "/proc/self/ns/mnt", file.path().to_str().unwrap()] {
        for verb in ["ADD", "CHECK"] {
            let call = Call::new(verb, &place, json!({})).with("CNI_NETNS", path);
            call.run().failed(8, &["CNI_NETNS", path]);
        }
    }
}

#[test]
fn point_1_standard_output_holds_the_object_and_nothing_else() {
    let place = pod();
    let wrong = Call::new("ADD", &place, json!({ "logLevel": "trace", "policy": 1 })).run();
    wrong.failed(7, &["policy"]);
    assert_eq!(wrong.out.lines().count(), 1, "{wrong:?}");
    let right = Call::new("ADD", &place, json!({ "logLevel": "trace" })).run();
    right.done();
    assert_eq!(right.out.lines().count(), 1, "{right:?}");
}

#[test]
fn point_1_standard_input_that_fails_is_5() {
    let place = pod();
    let call = Call::new("ADD", &place, json!({}));
    let mut command = call.command();
    command.stdin(std::fs::File::open("/").unwrap());
    let done = command.output().unwrap();
    let object: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &object["code"]), (Some(1), &json!(5)), "{object}");
}
