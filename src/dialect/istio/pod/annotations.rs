//! What the annotations say of settings.

use std::collections::BTreeMap;

use super::ignored::Note;
use crate::dialect::istio::lists;
use crate::dialect::{Flaw, Told};

/// What the names of most annotations begin with.
pub(super) const TRAFFIC: &str = "traffic.sidecar.istio.io/";

/// How inbound connections come to the proxy.
pub(super) const MODE: &str = "sidecar.istio.io/interceptionMode";

/// Interfaces to machines inside the pod.
pub(super) const REROUTE: &str = "istio.io/reroute-virtual-interfaces";

/// The older name of [`REROUTE`].
pub(super) const KUBEVIRT: &str = "traffic.sidecar.istio.io/kubevirtInterfaces";

const INCLUDE_INBOUND: &str = "traffic.sidecar.istio.io/includeInboundPorts";
const EXCLUDE_INBOUND: &str = "traffic.sidecar.istio.io/excludeInboundPorts";

/// The port of the proxy's health, which the injector adds to the excluded ones.
const STATUS_PORT: &str = "status.sidecar.istio.io/port";

/// The proxy's own ports, which Istio excludes whatever the pod says: merged metrics, health, Envoy's
/// metrics.
const ALWAYS_EXCLUDED: [&str; 3] = ["15020", "15021", "15090"];

/// One annotation that is one setting.
pub(super) struct Annotation {
    /// Its name.
    pub(super) name: &'static str,
    flag: &'static str,
    read: fn(&str) -> Result<String, Vec<Flaw>>,
    default: &'static str,
}

/// Annotations that are settings by themselves.
pub(super) const SINGLE: [Annotation; 6] = [
    Annotation { name: MODE, flag: "inbound-mode", read: mode, default: "REDIRECT" },
    Annotation {
        name: "traffic.sidecar.istio.io/includeOutboundIPRanges",
        flag: "outbound-ranges",
        read: lists::ranges_or_all,
        default: "*",
    },
    Annotation {
        name: "traffic.sidecar.istio.io/excludeOutboundIPRanges",
        flag: "outbound-exclude-ranges",
        read: lists::ranges,
        default: "",
    },
    Annotation {
        name: "traffic.sidecar.istio.io/includeOutboundPorts",
        flag: "outbound-include-ports",
        read: lists::ports,
        default: "",
    },
    Annotation {
        name: "traffic.sidecar.istio.io/excludeOutboundPorts",
        flag: "outbound-exclude-ports",
        read: lists::ports,
        default: "15020",
    },
    Annotation {
        name: "traffic.sidecar.istio.io/excludeInterfaces",
        flag: "exclude-interfaces",
        read: lists::interfaces,
        default: "",
    },
];

/// The other annotations that are settings.
pub(super) const TOGETHER: [&str; 4] = [INCLUDE_INBOUND, EXCLUDE_INBOUND, REROUTE, KUBEVIRT];

/// Tells the settings that are said by annotations, and Istio's defaults for those that are not.
pub(super) fn tell(said: &BTreeMap<String, String>, told: &mut Told, notes: &mut Vec<Note>) {
    for Annotation { name, flag, read, default } in SINGLE {
        let text = said.get(name).map_or(default, String::as_str);
        told.say_read(flag, name, read(text));
    }
    inbound_ports(said, told, notes);
    virtual_interfaces(said, told, notes);
}

/// Tells the settings that are said by annotations, and nothing of those that are not.
pub(super) fn tell_said(said: &BTreeMap<String, String>, told: &mut Told, notes: &mut Vec<Note>) {
    for Annotation { name, flag, read, .. } in SINGLE {
        if let Some(text) = said.get(name) {
            told.say_read(flag, name, read(text));
        }
    }
    match (said.get(INCLUDE_INBOUND), said.get(EXCLUDE_INBOUND)) {
        (Some(_), Some(_)) => inbound_ports(said, told, notes),
        (Some(included), None) => {
            told.say_read("inbound-ports", INCLUDE_INBOUND, lists::ports_or_all(included));
        }
        (None, Some(excluded)) => {
            let excluded = lists::ports(excluded).map(|ports| beside_own(&ports).join(","));
            told.say_read("inbound-exclude-ports", EXCLUDE_INBOUND, excluded);
        }
        (None, None) => {}
    }
    virtual_interfaces(said, told, notes);
}

fn mode(text: &str) -> Result<String, Vec<Flaw>> {
    match text {
        "REDIRECT" => Ok(String::from("redirect")),
        "TPROXY" => Ok(String::from("tproxy")),
        text => Err(vec![Flaw::new(text, "must be REDIRECT, TPROXY or NONE")]),
    }
}

/// Excluded ports mean something where all ports are captured; a list means exactly its ports.
fn inbound_ports(said: &BTreeMap<String, String>, told: &mut Told, notes: &mut Vec<Note>) {
    let included = said.get(INCLUDE_INBOUND).map_or("*", String::as_str);
    told.say_read("inbound-ports", INCLUDE_INBOUND, lists::ports_or_all(included));
    let excluded = lists::ports(said.get(EXCLUDE_INBOUND).map_or("", String::as_str));
    let excluded = excluded.map(|ports| {
        if included == "*" {
            return beside_own(&ports).join(",");
        }
        let mut own = others(&ports);
        own.retain(|port| said.get(STATUS_PORT).is_none_or(|status| status != port));
        if !own.is_empty() {
            let reason = format!("has no effect, since {INCLUDE_INBOUND} lists the ports");
            notes.push(Note::new(EXCLUDE_INBOUND, reason));
        }
        own.join(",")
    });
    told.say_read("inbound-exclude-ports", EXCLUDE_INBOUND, excluded);
}

/// The ports of a list without the proxy's own.
fn others(ports: &str) -> Vec<&str> {
    let ports = ports.split(',').filter(|port| !port.is_empty());
    ports.filter(|port| !ALWAYS_EXCLUDED.contains(port)).collect()
}

/// The ports of a list, and the proxy's own.
fn beside_own(ports: &str) -> Vec<&str> {
    [others(ports).as_slice(), &ALWAYS_EXCLUDED].concat()
}

fn virtual_interfaces(said: &BTreeMap<String, String>, told: &mut Told, notes: &mut Vec<Note>) {
    let (reroute, kubevirt) = (said.get(REROUTE), said.get(KUBEVIRT));
    if reroute.is_some() && kubevirt.is_some() && reroute != kubevirt {
        notes.push(Note::new(KUBEVIRT, format!("has no effect, since {REROUTE} is there")));
    }
    let text = reroute.map(|text| (REROUTE, text)).or(kubevirt.map(|text| (KUBEVIRT, text)));
    if let Some((name, text)) = text {
        told.say_read("virtual-interfaces", name, lists::interfaces(text));
    }
}
