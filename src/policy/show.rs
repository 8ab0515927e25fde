//! A finished policy's values as text.

use std::fmt::Display;

use super::settings::Shown;
use super::{CapturePolicy, Dns, InboundPorts, IncludedGroups, NameServers, OutboundRanges};

/// One value.
pub(super) fn single(value: impl Display) -> Shown {
    Shown::One(value.to_string())
}

/// One value, or `null`.
pub(super) fn maybe(value: Option<impl Display>) -> Shown {
    value.map_or(Shown::Nothing, single)
}

/// A list.
pub(super) fn listed<T: Display>(values: impl IntoIterator<Item = T>) -> Shown {
    Shown::Many(values.into_iter().map(|value| value.to_string()).collect())
}

/// The word `all`, or the list.
pub(super) fn inbound_ports(policy: &CapturePolicy) -> Shown {
    match &policy.inbound.ports {
        InboundPorts::AllExcept(_) => single("all"),
        InboundPorts::Only(ports) => listed(ports.ranges()),
    }
}

/// The excluded ports; a list of captured ones has none.
pub(super) fn inbound_exclude_ports(policy: &CapturePolicy) -> Shown {
    match &policy.inbound.ports {
        InboundPorts::AllExcept(ports) => listed(ports.ranges()),
        InboundPorts::Only(_) => Shown::Many(Vec::new()),
    }
}

/// The word `all`, or the list, as the fewest prefixes.
pub(super) fn outbound_ranges(policy: &CapturePolicy) -> Shown {
    match &policy.outbound.ranges {
        OutboundRanges::All => single("all"),
        OutboundRanges::Only(ranges) => listed(ranges.cidrs()),
    }
}

/// The word `all`, or the list.
pub(super) fn owner_groups(policy: &CapturePolicy) -> Shown {
    match &policy.outbound.owner_groups.include {
        IncludedGroups::All => single("all"),
        IncludedGroups::Only(groups) => listed(groups),
    }
}

/// Which name queries are captured.
pub(super) fn dns_capture(policy: &CapturePolicy) -> Shown {
    single(match policy.dns {
        Dns::Off => "off",
        Dns::All => "all",
        Dns::Listed(_) => "listed",
    })
}

/// The word `resolvConf`, or the list.
pub(super) fn dns_servers(policy: &CapturePolicy) -> Shown {
    match &policy.dns {
        Dns::Listed(NameServers::Only(servers)) => listed(servers),
        Dns::Off | Dns::All | Dns::Listed(NameServers::ResolvConf) => single("resolvConf"),
    }
}

/// Services as mappings.
pub(super) fn services(policy: &CapturePolicy) -> Shown {
    let row = |service: &crate::words::Service| {
        format!("{{address: \"{}\", port: {}}}", service.address(), service.port())
    };
    Shown::Rows(policy.outbound.services.iter().map(row).collect())
}

/// Ports by user as mappings.
pub(super) fn ports_by_uid(policy: &CapturePolicy) -> Shown {
    let row = |entry: super::UidPorts| {
        let ports: Vec<String> = entry.ports.ranges().iter().map(ToString::to_string).collect();
        let protocols: Vec<&str> = entry.protocols.iter().map(|one| one.as_str()).collect();
        let (ports, protocols) = (ports.join(", "), protocols.join(", "));
        format!("{{uids: [{}], ports: [{ports}], protocols: [{protocols}]}}", entry.uid)
    };
    Shown::Rows(policy.outbound.exclude_ports_by_uid.entries().map(row).collect())
}
