//! The tunnel port is never captured, in any mode.

use nftdivert_integration::fate::Case;

use crate::mesh::{REDIRECT, TPROXY, apply, fails, install, pod, stage, steered_stage};

fn cases(captured: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (tunnel, app) in pod(15008).into_iter().zip(pod(8080)) {
        cases.push(Case::into_pod("tunnel", tunnel, "direct to app"));
        cases.push(Case::into_pod("app", app, captured));
    }
    cases
}

#[test]
fn tproxy_leaves_the_tunnel_port_alone() {
    let cases = cases("inbound to app, from the client's address");
    let theirs = steered_stage();
    install(&theirs.bed.pod, TPROXY);
    let told = ["tunnel -> 10.88.0.2:15008: inbound to", "tunnel -> [fd88::2]:15008: inbound to"];
    fails(&theirs.wrong(&cases), &told);

    for mode in ["tproxy", "tproxyFast"] {
        let ours = steered_stage();
        apply(&ours, &format!("inbound: {{mode: {mode}}}"));
        ours.all_right(&cases);
    }
}

/// As Istio does in this mode too.
#[test]
fn redirect_leaves_the_tunnel_port_alone() {
    let cases = cases("inbound to app");
    let theirs = stage();
    install(&theirs.bed.pod, REDIRECT);
    theirs.all_right(&cases);
    let ours = stage();
    apply(&ours, "");
    ours.all_right(&cases);
}
