//! Point 10: GC leaves live pods alone, whatever is listed, and says what it can't read.

use nftdivert_integration::fixture::assert_clean;
use serde_json::json;

use nftdivert_integration::caller::{Call, pod};

#[test]
fn point_10_gc_touches_no_pod_whatever_is_listed() {
    let place = pod();
    Call::new("ADD", &place, json!({})).run().done();
    let mine = json!([{ "containerID": "cnitool-1", "ifname": "eth0" }]);
    for keys in [
        json!({}),
        json!({ "cni.dev/valid-attachments": mine }),
        json!({ "cni.dev/valid-attachments": [] }),
        json!({ "cni.dev/attachments": [] }),
        json!({ "cni.dev/attachments": null, "cni.dev/valid-attachments": null }),
    ] {
        let call = Call::new("GC", &place, keys);
        call.clone().run().silent();
        call.without("CNI_CONTAINERID").without("CNI_NETNS").without("CNI_IFNAME").run().silent();
        assert_clean(&place, "");
    }
}

#[test]
fn point_10_gc_names_every_list_that_it_cannot_read() {
    let place = pod();
    let keys = json!({
        "cni.dev/valid-attachments": "all",
        "cni.dev/attachments": [{ "containerID": 7, "ifname": "eth0" }],
    });
    let words = ["cni.dev/valid-attachments", "cni.dev/attachments"];
    Call::new("GC", &place, keys).run().failed(7, &words);
}

#[test]
fn point_10_gc_takes_1_1_0_and_cni_path() {
    let place = pod();
    Call::new("GC", &place, json!({ "cniVersion": "1.0.0" })).run().failed(1, &["GC", "1.1.0"]);
    Call::new("GC", &place, json!({})).without("CNI_PATH").run().failed(4, &["CNI_PATH"]);
}
