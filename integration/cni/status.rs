//! Point 11: STATUS works where an ADD would.

use std::os::unix::net::UnixListener;
use std::process::Command;

use serde_json::json;

use nftdivert_integration::caller::{Call, binary, pod, policy};

fn status(keys: serde_json::Value) -> Call<'static> {
    let call = Call::new("STATUS", &pod(), keys);
    call.without("CNI_CONTAINERID").without("CNI_NETNS").without("CNI_IFNAME").without("CNI_PATH")
}

#[test]
fn point_11_status_where_add_works() {
    status(json!({})).run().silent();
    for keys in [
        json!({ "inbound": { "mode": "tproxyFast" }, "dns": { "capture": "all" } }),
        // Which servers a pod has is known when there is one.
        json!({ "dns": { "capture": "listed" } }),
    ] {
        status(json!({ "policy": policy(keys) })).run().silent();
    }
}

#[test]
fn point_11_status_where_add_does_not() {
    let call = status(json!({}));
    let mut command = Command::new("sh");
    // The program may lie where only root may go.
    command.args(["-c", "exec 9<\"$0\" && exec \"$@\""]).arg(binary());
    command.args(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command.args(["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]);
    command.arg("/proc/self/fd/9");
    call.prepare(&mut command);
    call.run_as(command).failed(50, &["CAP_SYS_ADMIN"]);
}

#[test]
fn point_11_status_needs_the_daemon_where_add_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let call = status(json!({ "daemonSocket": path }));
    call.run().failed(50, &["daemon", "socket"]);
    let _daemon = UnixListener::bind(&path).unwrap();
    call.run().silent();
}

#[test]
fn point_11_status_takes_1_1_0_and_a_sound_configuration() {
    status(json!({ "cniVersion": "1.0.0" })).run().failed(1, &["STATUS", "1.1.0"]);
    status(json!({ "policy": policy(json!({ "ipv6": "on" })) })).run().failed(7, &["policy.ipv6"]);
}
