//! Point 5: the plugin's own namespace is refused before anything is touched.

use serde_json::json;

use nftdivert_integration::caller::{Call, pod, state};

#[test]
fn point_5_the_plugins_own_namespace_is_8() {
    let own = pod();
    let before = state(&own);
    for path in ["/proc/self/ns/net", "/proc/thread-self/ns/net"] {
        let add = Call::new("ADD", &own, json!({})).with("CNI_NETNS", path).inside(&own);
        add.run().failed(8, &["CNI_NETNS", path, "own"]);
        assert_eq!(state(&own), before);
    }
    // By another path too.
    Call::new("ADD", &own, json!({})).inside(&own).run().failed(8, &["own"]);
    Call::new("CHECK", &own, json!({})).inside(&own).run().failed(8, &["own"]);
    assert_eq!(state(&own), before);
}

#[test]
fn point_5_an_override_says_that_it_is_meant() {
    for word in ["1", "true", "TRUE"] {
        let own = pod();
        let before = state(&own);
        let call = |verb| {
            let call = Call::new(verb, &own, json!({})).inside(&own);
            call.with("CNI_NETNS_OVERRIDE", word)
        };
        call("ADD").run().done();
        assert_ne!(state(&own), before);
        call("CHECK").run().silent();
        call("DEL").run().silent();
        assert_eq!(state(&own), before);
    }
    let own = pod();
    for word in ["", "0", "no"] {
        let call = Call::new("ADD", &own, json!({})).inside(&own);
        call.with("CNI_NETNS_OVERRIDE", word).run().failed(8, &[]);
    }
}

#[test]
fn point_5_del_of_the_own_namespace_touches_nothing() {
    let own = pod();
    Call::new("ADD", &own, json!({})).run().done();
    let captured = state(&own);
    Call::new("DEL", &own, json!({})).inside(&own).run().silent();
    assert_eq!(state(&own), captured);
}
