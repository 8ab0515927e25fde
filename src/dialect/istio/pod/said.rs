//! What a pod's annotations say by themselves, to whom does not know its containers.

use std::collections::{BTreeMap, BTreeSet};

use super::value::Pod;
use super::{LeftAlone, Note, alone, annotations, ignored};
use crate::dialect::Told;

/// What annotations alone say of a pod.
#[derive(Clone, Debug)]
pub enum Said {
    /// The pod is left alone.
    LeftAlone(LeftAlone),
    /// An injector has made its sidecar.
    Settings {
        /// The settings that annotations name, and no others.
        told: Told,
        /// What was written and has no effect; the user should be told.
        notes: Vec<Note>,
    },
}

/// What the annotations of the pod `name` in `namespace` say; pods of the namespaces in `excluded`
/// are left alone.
///
/// Who the proxy is, whether there is one, and whether another container captures already can't be
/// said by annotations; nor can what stands in the proxy's environment.
pub fn said(
    namespace: &str,
    name: &str,
    annotations: &BTreeMap<String, String>,
    excluded: &BTreeSet<String>,
) -> Said {
    if excluded.contains(namespace) {
        return Said::LeftAlone(LeftAlone::Namespace(namespace.to_owned()));
    }
    let pod = Pod {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        annotations: annotations.clone(),
        ..Pod::default()
    };
    if let Some(reason) = alone::by_annotations(&pod) {
        return Said::LeftAlone(reason);
    }
    let (mut told, mut notes) = (Told::default(), Vec::new());
    annotations::tell_said(annotations, &mut told, &mut notes);
    ignored::note(&pod, &mut notes);
    Said::Settings { told, notes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{CapturePolicy, Layer};

    fn of(pairs: &[(&str, &str)]) -> Said {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        said("shop", "web", &pairs.collect(), &BTreeSet::from(["kube-system".to_owned()]))
    }

    #[test]
    fn only_what_is_said_lies_over_the_policy_below() {
        let said = of(&[
            ("sidecar.istio.io/status", "{}"),
            ("traffic.sidecar.istio.io/excludeInboundPorts", "9000"),
            ("traffic.sidecar.istio.io/includeInboundPort", "1"),
        ]);
        let Said::Settings { told, notes } = said else { panic!("left alone") };
        let flags: Vec<&str> = told.names().map(|(flag, _)| flag).collect();
        assert_eq!(flags, ["inbound-exclude-ports"]);
        assert!(notes[0].to_string().contains("includeInboundPorts meant"), "{notes:?}");
        let head = "apiVersion: nftdivert/v1\nproxy: {uids: [7]}\n";
        let text = format!("{head}outbound: {{ranges: []}}\n");
        let policy = told.finish_over(&[Layer { name: "", text: &text }], "pod").unwrap();
        let excluded = "[9000, 15020, 15021, 15090]";
        let wanted = format!("{text}inbound: {{excludePorts: {excluded}}}\n");
        assert_eq!(Ok(policy), CapturePolicy::from_yaml(&wanted));
    }

    #[test]
    fn pods_are_left_alone_by_what_annotations_say() {
        let reason = |said| match said {
            Said::LeftAlone(reason) => reason,
            Said::Settings { .. } => panic!("captured"),
        };
        assert_eq!(reason(of(&[])), LeftAlone::NotInjected);
        let status = ("sidecar.istio.io/status", "{}");
        let refused = of(&[status, ("sidecar.istio.io/inject", "false")]);
        assert!(matches!(reason(refused), LeftAlone::NotWanted { .. }));
        let none = of(&[status, ("sidecar.istio.io/interceptionMode", "NONE")]);
        assert_eq!(reason(none), LeftAlone::ModeNone);
        let excluded = BTreeSet::from(["a".to_owned()]);
        let excluded = said("a", "b", &BTreeMap::new(), &excluded);
        assert_eq!(reason(excluded), LeftAlone::Namespace("a".to_owned()));
    }
}
