//! What holds for every request of a runtime, whatever it holds.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use nftdivert::cni::request::{Environment, VARIABLES};
use proptest::prelude::*;

#[path = "support/checks/cni.rs"]
mod cni;

/// A configuration with every key; ASCII, so that it can be cut anywhere.
const BASE: &str = r#"{"cniVersion":"1.1.0","name":"mesh","type":"nftdivert","source":"istio","permit":
["inbound","outbound"],"policy":{"apiVersion":"nftdivert/v1","proxy":{"uids":[7]}},"capabilities":
{"io.kubernetes.cri.pod-annotations":true,"dns":true},"runtimeConfig":{"dns":{"servers":["10.0.0.1"]},
"io.kubernetes.cri.pod-annotations":{"sidecar.istio.io/status":"{}",
"traffic.sidecar.istio.io/includeInboundPorts":"80"}},"prevResult":{"cniVersion":"1.1.0","ips":[]},
"excludeNamespaces":["kube-system"],"logLevel":"debug","logFile":"/x","daemonSocket":"/y"}"#;

const COMMANDS: [&str; 8] = ["ADD", "ADD", "CHECK", "DEL", "GC", "STATUS", "VERSION", ""];

const ARGS: [&str; 6] = [
    "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop",
    "K8S_POD_NAME=x;NFTDIVERT_POLICY=",
    // `apiVersion: nftdivert/v1`, and a section for the inbound ports, and one for the proxy.
    "NFTDIVERT_POLICY=YXBpVmVyc2lvbjogbmZ0ZGl2ZXJ0L3YxCmluYm91bmQ6IHtwb3J0czogWzkwXX0K",
    "NFTDIVERT_POLICY=YXBpVmVyc2lvbjogbmZ0ZGl2ZXJ0L3YxCnByb3h5OiB7dWlkczogWzBdfQo",
    "x",
    ";;=;",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..40)
}

fn sane() -> impl Strategy<Value = BTreeMap<&'static str, Vec<u8>>> {
    (prop::sample::select(&COMMANDS[..]), prop::sample::select(&ARGS[..])).prop_map(
        |(verb, args)| {
            let known = [
                ("CNI_COMMAND", verb),
                ("CNI_CONTAINERID", "a"),
                ("CNI_NETNS", "/run/netns/a"),
                ("CNI_IFNAME", "eth0"),
                ("CNI_PATH", "/opt/cni/bin"),
                ("CNI_ARGS", args),
            ];
            known.into_iter().map(|(name, text)| (name, text.as_bytes().to_vec())).collect()
        },
    )
}

fn check(environment: &BTreeMap<&'static str, Vec<u8>>, stdin: &[u8]) {
    let get = |name: &str| environment.get(name).cloned().map(OsString::from_vec);
    cni::check_request(&Environment::of(get), stdin);
}

proptest! {
    #[test]
    fn any_bytes_anywhere(values in prop::collection::vec(bytes(), VARIABLES.len()), stdin in bytes()) {
        check(&VARIABLES.into_iter().zip(values).collect(), &stdin);
    }

    #[test]
    fn any_bytes_in_one_place(
        mut environment in sane(),
        name in prop::sample::select(&VARIABLES[1..]),
        value in bytes(),
    ) {
        environment.insert(name, value);
        check(&environment, BASE.as_bytes());
    }

    #[test]
    fn cut_and_patched(
        environment in sane(),
        at in 0..BASE.len(),
        gone in 0..30_usize,
        patch in prop_oneof![bytes(), "[\\[\\]{}\",:0-9a-z]{0,6}".prop_map(String::into_bytes)],
    ) {
        let end = (at + gone).min(BASE.len());
        let text = [&BASE.as_bytes()[..at], &patch, &BASE.as_bytes()[end..]].concat();
        check(&environment, &text);
    }

    #[test]
    fn lines_of_the_fuzzer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        cni::check(&bytes);
    }
}

#[test]
fn the_base_is_captured() {
    let environment = BTreeMap::from([
        ("CNI_COMMAND", b"ADD".to_vec()),
        ("CNI_CONTAINERID", b"a".to_vec()),
        ("CNI_NETNS", b"/run/netns/a".to_vec()),
        ("CNI_IFNAME", b"eth0".to_vec()),
    ]);
    let get = |name: &str| environment.get(name).cloned().map(OsString::from_vec);
    let request = nftdivert::cni::request::Request::read(&Environment::of(get), BASE.as_bytes());
    let nftdivert::cni::request::Verb::Add(add) = request.unwrap().verb else { panic!("no ADD") };
    let decision = nftdivert::cni::decide(&add).unwrap();
    assert!(matches!(decision, nftdivert::cni::Decision::Capture { .. }), "{decision:?}");
}
