//! What TPROXY should steer does not reach the app past a proxy that is not there to take it.

use nftdivert_integration::fate::Case;

use crate::mesh::{TPROXY, apply, fails, install, pod, stage};

/// The stage's proxy takes no steered connections.
#[test]
fn a_first_packet_goes_no_further() {
    let cases = pod(8080).map(|to| Case::into_pod("client", to, "direct no answer"));
    let theirs = stage();
    install(&theirs.bed.pod, TPROXY);
    let told =
        ["client -> 10.88.0.2:8080: direct to app", "client -> [fd88::2]:8080: direct to app"];
    fails(&theirs.wrong(&cases), &told);
    for mode in ["tproxy", "tproxyFast"] {
        let ours = stage();
        apply(&ours, &format!("inbound: {{mode: {mode}}}"));
        ours.all_right(&cases);
    }
}
