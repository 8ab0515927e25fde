//! What can go wrong with rules and routes.

use crate::netlink::NetlinkError;
use crate::words::MarkRoute;

const EACCES: i32 = 13;
const ENETDOWN: i32 = 100;

/// Why rule and route could not be added or removed.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum RoutingError {
    /// A mark or a table that would take in what it must not.
    #[error(
        "can't add {wanted}: the mark must not be 0, which all packets have, and the table none of \
         0, 253, 254 and 255, which are the kernel's own"
    )]
    Unusable {
        /// What was to be added.
        wanted: MarkRoute,
    },
    /// A rule or route of somebody else would decide about the marked packets.
    #[error(
        "can't add {wanted}: {obstacle} is in the way and not ours; remove it, or choose another \
         mark and table"
    )]
    InTheWay {
        /// What was to be added.
        wanted: MarkRoute,
        /// What is there, as `ip` would say it.
        obstacle: String,
    },
    /// What was there a moment ago is not, or is again.
    #[error("{wanted}: somebody else adds and removes the same right now; try again")]
    Restless {
        /// What was to be added or removed.
        wanted: MarkRoute,
    },
    /// The kernel refused.
    #[error("can't {operation} {object}: {source}{}", advice(source))]
    Kernel {
        /// What was tried.
        operation: &'static str,
        /// Rule and route.
        object: MarkRoute,
        /// Why not.
        source: NetlinkError,
    },
    /// Adding failed half way, and so did its undoing.
    #[error("{failure}; the route that was added could not be taken back: {undo}")]
    NotTakenBack {
        /// The first failure.
        failure: Box<RoutingError>,
        /// The second.
        undo: NetlinkError,
    },
}

fn advice(error: &NetlinkError) -> &'static str {
    match error.errno() {
        // As the kernel says for IPv6 routes over a device with disable_ipv6 (6.18).
        Some(EACCES) => " (IPv6 is switched off on lo: net.ipv6.conf.lo.disable_ipv6)",
        Some(ENETDOWN) => " (lo is down: `ip link set lo up`)",
        _ => "",
    }
}
