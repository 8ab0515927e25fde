//! Who may say what: what a pod asks for is obeyed where it is permitted, and refused whole where not.

use nftdivert::demo::User;
use nftdivert_integration::asserts::at;
use nftdivert_integration::fixture::{Fixture, assert_clean, take_away};
use nftdivert_integration::shell::nft_list;
use serde_json::{Value, json};

use nftdivert_integration::caller::{Call, pod, policy, state};

const ANNOTATIONS: &str = "io.kubernetes.cri.pod-annotations";

/// `CNI_ARGS` with a pod's policy: `openssl base64 -A | tr '+/' '-_'` of the text.
fn asking(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = format!("apiVersion: nftdivert/v1\n{text}");
    let mut out = String::from("IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;NFTDIVERT_POLICY=");
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            out.push(char::from(LETTERS[bits >> (18 - 6 * place) & 63]));
        }
    }
    out
}

#[test]
fn a_pod_may_say_what_is_permitted() {
    let fixture = Fixture::new("");
    take_away(&fixture.bed.pod).unwrap();
    let keys = json!({ "permit": ["outbound"] });
    let args = asking("outbound: {excludeRanges: [192.0.2.0/24]}\n");
    let add = Call::new("ADD", &fixture.bed.pod, keys).with("CNI_ARGS", &args);
    add.run().done();
    let [v4, v6] = at(["192.0.2.10", "2001:db8::10"], 80);
    fixture.direct(User::APP, v4, "world");
    fixture.captured_outbound(User::APP, v6);
    add.clone().with("CNI_COMMAND", "CHECK").run().silent();
    add.with("CNI_COMMAND", "CHECK").without("CNI_ARGS").run().failed(101, &[]);
}

#[test]
fn what_is_not_permitted_is_refused_whole_and_by_name() {
    let place = pod();
    let before = state(&place);
    for (permit, asked, name) in [
        (json!(null), "inbound: {ports: [80]}", "inbound.ports"),
        (json!(["inbound.ports"]), "inbound: {ports: [80], mode: tproxy}", "inbound.mode"),
        (json!(["inbound", "outbound"]), "proxy: {uids: [0]}", "proxy.uids"),
        (json!(["inbound"]), "inbound: {tproxy: {mark: 1}}", "inbound.tproxy.mark"),
        (json!(["inbound"]), "existing: reset", "existing"),
    ] {
        let add = Call::new("ADD", &place, json!({ "permit": permit }));
        let add = add.with("CNI_ARGS", &asking(asked));
        add.run().failed(102, &[name, "permit"]);
        assert_eq!(state(&place), before);
    }
    for permit in ["proxy", "proxy.uids", "existing", "inbound.tproxy.mark"] {
        Call::new("ADD", &place, json!({ "permit": [permit] }))
            .run()
            .failed(7, &["permit[0]", permit]);
    }
}

#[test]
fn nothing_from_a_pod_is_a_path() {
    let place = pod();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    std::fs::write(&path, "apiVersion: nftdivert/v1\n").unwrap();
    let add = Call::new("ADD", &place, json!({ "permit": ["inbound"] }));
    let args = format!("IgnoreUnknown=1;NFTDIVERT_POLICY={}", path.display());
    add.clone().with("CNI_ARGS", &args).run().failed(4, &["NFTDIVERT_POLICY"]);
    let args = asking("").replace("YXBp", "L3Rt");
    add.with("CNI_ARGS", &args).run().failed(7, &["NFTDIVERT_POLICY"]);
}

fn istio(annotations: Value) -> Value {
    json!({
        "source": "istio",
        "permit": ["inbound", "outbound"],
        "policy": policy(json!({ "proxy": { "uids": [4242] } })),
        "capabilities": { ANNOTATIONS: true },
        "runtimeConfig": { ANNOTATIONS: annotations },
    })
}

#[test]
fn annotations_of_istio_lie_over_the_administrators_policy() {
    let place = pod();
    let keys = istio(json!({
        "sidecar.istio.io/status": "{}",
        "traffic.sidecar.istio.io/includeInboundPorts": "80,443",
        "traffic.sidecar.istio.io/excludeOutboundPorts": "25",
    }));
    let answer = Call::new("ADD", &place, keys.clone()).run();
    answer.done();
    assert!(answer.err.contains("do not say whom istio-proxy runs as"), "{answer:?}");
    assert_clean(
        &place,
        "proxy: {uids: [4242]}\ninbound: {ports: [80, 443]}\noutbound: {excludePorts: [25]}",
    );
    Call::new("CHECK", &place, keys).run().silent();
}

#[test]
fn pods_without_an_injected_sidecar_are_left_alone() {
    let place = pod();
    let before = state(&place);
    for annotations in [
        json!({}),
        json!({ "sidecar.istio.io/status": "{}", "sidecar.istio.io/inject": "false" }),
        json!({ "sidecar.istio.io/status": "{}", "sidecar.istio.io/interceptionMode": "NONE" }),
    ] {
        Call::new("ADD", &place, istio(annotations)).run().done();
        assert_eq!(state(&place), before);
    }
    let mut undeclared = istio(json!({ "sidecar.istio.io/status": "{}" }));
    undeclared["capabilities"] = json!({});
    Call::new("ADD", &place, undeclared).run().failed(7, &["capabilities", ANNOTATIONS]);
    let mut nothing = istio(json!({}));
    nothing["runtimeConfig"] = json!(null);
    Call::new("ADD", &place, nothing).run().failed(7, &["passed no annotations"]);
    assert_eq!(state(&place), before);
}

#[test]
fn point_7_name_servers_come_from_the_runtime_where_it_declares_them() {
    let place = pod();
    let listed = policy(json!({ "dns": { "capture": "listed" } }));
    let mut keys = json!({
        "policy": listed,
        "capabilities": { "dns": true },
        "runtimeConfig": { "dns": { "servers": ["10.96.0.10", "fd00::a"] } },
    });
    Call::new("ADD", &place, keys.clone()).run().done();
    let rules = nft_list(&place, "table inet nftdivert");
    assert!(rules.contains("10.96.0.10") && rules.contains("fd00::a"), "{rules}");
    // As containerd says it.
    keys["runtimeConfig"] = json!({ "dns": { "Servers": ["10.96.0.11"], "Searches": ["a.b"] } });
    Call::new("ADD", &place, keys.clone()).run().done();
    assert!(nft_list(&place, "table inet nftdivert").contains("10.96.0.11"));
    keys["capabilities"] = json!({ "dns": false });
    Call::new("ADD", &place, keys).run().failed(7, &["resolvConf", "capabilities"]);
}
