//! What holds for every pod, whatever it says.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};

use nftdivert::dialect::istio::pod::{
    Container, EnvValue, Network, Pod, Role, RunAs, Verdict, judge,
};
use nftdivert::policy::CapturePolicy;
use proptest::prelude::*;

/// A pod with all annotations; ASCII, so that it can be cut anywhere.
const BASE: &str = include_str!("dialect/pods/bad_everything.json");

/// Names of annotations, known and not.
const NAMES: &[&str] = &[
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/includeOutboundPorts",
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "traffic.sidecar.istio.io/excludeInterfaces",
    "traffic.sidecar.istio.io/kubevirtInterfaces",
    "traffic.sidecar.istio.io/includeInbound\u{1b}Ports",
    "traffic.sidecar.istio.io/",
    "istio.io/reroute-virtual-interfaces",
    "sidecar.istio.io/interceptionMode",
    "sidecar.istio.io/inject",
    "sidecar.istio.io/",
    "/",
    "",
];

const VARIABLES: &[&str] =
    &["ISTIO_META_DNS_CAPTURE", "INVALID_DROP", "ISTIO_DUAL_STACK", "DISABLE_ENVOY"];

/// What values are made of.
const PIECES: &[&str] = &[
    "80",
    "443",
    "15020",
    "0",
    "65536",
    ",",
    ",",
    "*",
    "-",
    ":",
    " ",
    "/",
    "10.0.0.0/8",
    "::/0",
    "10.1.2.3/8",
    "::ffff:1.2.3.4/128",
    "eth0",
    "lo",
    "net1",
    "true",
    "false",
    "REDIRECT",
    "TPROXY",
    "\u{0}",
    "\u{1b}[31m",
    "é",
    "--inbound-ports",
    "all",
];

fn value() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..5).prop_map(|pieces| pieces.concat())
}

fn id() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(prop_oneof![Just(0), Just(1337), -2..3000_i64, any::<i64>()])
}

fn run_as() -> impl Strategy<Value = RunAs> {
    (id(), id()).prop_map(|(user, group)| RunAs { user, group })
}

fn env_value() -> impl Strategy<Value = EnvValue> {
    prop_oneof![4 => value().prop_map(EnvValue::Text), 1 => Just(EnvValue::Elsewhere)]
}

prop_compose! {
    /// A pod that an injector has seen; its proxy and one app.
    fn injected_pod()(
        annotations in prop::collection::btree_map(prop::sample::select(NAMES), value(), 0..6),
        env in prop::collection::btree_map(prop::sample::select(VARIABLES), env_value(), 0..2),
        ids in (run_as(), run_as(), run_as()),
    ) -> Pod {
        let mut annotations: BTreeMap<String, String> =
            annotations.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        annotations.insert(String::from("sidecar.istio.io/status"), String::new());
        let proxy = Container {
            name: String::from("istio-proxy"),
            role: Role::Main,
            run_as: ids.0,
            args: vec![String::from("proxy"), String::from("sidecar")],
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        let app = Container { name: String::from("app"), run_as: ids.1, ..proxy.clone() };
        Pod {
            namespace: String::from("shop"),
            name: String::from("web"),
            labels: BTreeMap::new(),
            annotations,
            network: Network::Own,
            run_as: ids.2,
            containers: vec![app, proxy],
        }
    }
}

proptest! {
    /// Texts near to a pod's, some of which can still be read.
    #[test]
    fn no_text_panics(at in 0..BASE.len(), gone in 0..40_usize, piece in value()) {
        let (start, rest) = BASE.split_at(at);
        let text = [start, &piece, rest.get(gone..).unwrap_or_default()].concat();
        if let Ok(pod) = serde_json::from_str::<Pod>(&text) {
            let _ = judge(&pod, &BTreeSet::new());
        }
    }

    #[test]
    fn no_name_and_value_panic(name in any::<String>(), text in any::<String>()) {
        let annotations = BTreeMap::from([
            (format!("traffic.sidecar.istio.io/{name}"), text.clone()),
            (String::from("traffic.sidecar.istio.io/includeOutboundIPRanges"), text.clone()),
            (String::from("traffic.sidecar.istio.io/excludeInboundPorts"), text),
            (String::from("sidecar.istio.io/status"), String::new()),
        ]);
        let metadata = serde_json::json!({
            "namespace": name, "name": name, "annotations": annotations,
        });
        let spec = serde_json::json!({"containers": [{"name": "istio-proxy"}]});
        let pod = serde_json::json!({"metadata": metadata, "spec": spec});
        let pod: Pod = serde_json::from_value(pod).unwrap();
        let said = match judge(&pod, &BTreeSet::new()) {
            Ok(Verdict::Captured { notes, .. }) => {
                notes.iter().map(|note| format!("{note}\n")).collect()
            }
            Ok(Verdict::LeftAlone(reason)) => format!("{reason}"),
            Err(error) => error.to_string(),
        };
        prop_assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    }

    /// A captured pod has a policy that can be written down, whose proxy is not root; a refused one
    /// has faults, each in Istio's words.
    #[test]
    fn a_pod_has_a_sound_policy_or_faults_in_its_own_words(pod in injected_pod()) {
        match judge(&pod, &BTreeSet::new()) {
            Ok(Verdict::Captured { policy, .. }) => {
                prop_assert_eq!(CapturePolicy::from_yaml(&policy.to_yaml()), Ok(*policy.clone()));
                prop_assert!(policy.proxy.identity.marks().uids.iter().all(|uid| uid.get() != 0));
            }
            Ok(Verdict::LeftAlone(_)) => {}
            Err(error) => {
                prop_assert!(!error.faults.is_empty());
                for fault in error.faults {
                    let is_theirs = NAMES.contains(&fault.field.as_str())
                        || fault.field.ends_with(" of istio-proxy");
                    prop_assert!(is_theirs, "{fault}");
                    prop_assert!(!fault.reason.contains("--"), "{fault}");
                }
            }
        }
    }
}
