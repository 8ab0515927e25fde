//! A finished policy's values as text.

use std::fmt::Display;

use super::settings::Shown;
use super::{CapturePolicy, InboundPorts, OutboundRanges};

/// One value.
pub(super) fn single(value: impl Display) -> Shown {
    Shown::One(value.to_string())
}

/// A list.
pub(super) fn listed<T: Display>(values: impl IntoIterator<Item = T>) -> Shown {
    Shown::Many(values.into_iter().map(|value| value.to_string()).collect())
}

/// The word `all`, or the list.
pub(super) fn inbound_ports(policy: &CapturePolicy) -> Shown {
    match &policy.inbound {
        InboundPorts::AllExcept(_) => single("all"),
        InboundPorts::Only(ports) => listed(ports.ranges()),
    }
}

/// The excluded ports; a list of captured ones has none.
pub(super) fn inbound_exclude_ports(policy: &CapturePolicy) -> Shown {
    match &policy.inbound {
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
