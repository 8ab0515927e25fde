//! Where a daemon is configured, pods start when it does.

use std::os::unix::net::UnixListener;

use serde_json::json;

use nftdivert_integration::caller::{Call, pod, state};

#[test]
fn point_1_add_says_11_while_no_daemon_answers() {
    let place = pod();
    let before = state(&place);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let call = Call::new("ADD", &place, json!({ "daemonSocket": path }));
    call.run().failed(11, &["daemon", "socket"]);
    // A socket that its daemon left behind.
    drop(UnixListener::bind(&path).unwrap());
    call.run().failed(11, &["ECONNREFUSED", "socket"][1..]);
    assert_eq!(state(&place), before);
    std::fs::remove_file(&path).unwrap();
    let _daemon = UnixListener::bind(&path).unwrap();
    call.run().done();
    assert_ne!(state(&place), before);
}

#[test]
fn the_daemons_own_pod_never_waits_for_it() {
    let keys = json!({ "daemonSocket": "/run/no-such-daemon" });
    let args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=kube-system;K8S_POD_NAME=nftdivert-x";
    Call::new("ADD", &pod(), keys).with("CNI_ARGS", args).run().done();
}
