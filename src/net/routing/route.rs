//! One route, as far as it matters here.

use std::fmt;

use netlink_packet_route::route::{
    RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};

use super::PROTOCOL;
use super::read::address_family;
use crate::netlink::Attributes;
use crate::words::{IpFamily, MarkRoute};

/// The index of `lo` in every network namespace (`LOOPBACK_IFINDEX`).
const LO: u32 = 1;
/// `RTM_NEWROUTE`.
const NEW_ROUTE: u16 = 24;
/// Bytes of `struct rtmsg`.
const HEADER_LEN: usize = 12;
/// `RTN_LOCAL`.
const LOCAL: u8 = 2;
const RTA_OIF: u16 = 4;
const RTA_TABLE: u16 = 15;
/// `RTM_F_CLONED`: a cached answer, no route.
const CLONED: u32 = 0x200;

/// A route of any table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) table: u32,
    pub(super) prefix_len: u8,
    protocol: u8,
    kind: u8,
    device: Option<u32>,
}

impl Route {
    /// Reads `struct rtmsg` and what follows it.
    pub(super) fn parse(kind: u16, body: &[u8]) -> Option<Self> {
        let (header, attributes) = body.split_at_checked(HEADER_LEN)?;
        let [_, prefix_len, _, _, table, protocol, _, route_kind, flags @ ..] = header else {
            return None;
        };
        let flags = u32::from_ne_bytes(flags.try_into().ok()?);
        if kind != NEW_ROUTE || flags & CLONED != 0 {
            return None;
        }
        let number = |kind| {
            let attribute = Attributes::new(attributes).find(kind)?;
            attribute.bytes().try_into().ok().map(u32::from_ne_bytes)
        };
        Some(Self {
            table: number(RTA_TABLE).unwrap_or(u32::from(*table)),
            prefix_len: *prefix_len,
            protocol: *protocol,
            kind: *route_kind,
            device: number(RTA_OIF),
        })
    }

    /// Whether it is as ours would be, whoever made it: the kernel takes no second one like it.
    pub(super) fn is_as_ours_in(&self, table: u32) -> bool {
        let Self { protocol, .. } = *self;
        *self == Self { table, prefix_len: 0, protocol, kind: LOCAL, device: Some(LO) }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, prefix_len, protocol, kind, device } = self;
        let kind = match *kind {
            1 => "unicast",
            LOCAL => "local",
            3 => "broadcast",
            6 => "blackhole",
            7 => "unreachable",
            8 => "prohibit",
            9 => "throw",
            _ => "special",
        };
        match prefix_len {
            0 => write!(f, "the {kind} default route")?,
            bits => write!(f, "a {kind} route to a /{bits}")?,
        }
        if let Some(device) = device {
            write!(f, " by interface {device}")?;
        }
        write!(f, " of protocol {protocol} in table {table}")
    }
}

/// The route of `wanted`.
pub(super) fn message(wanted: MarkRoute) -> RouteMessage {
    let mut message = list(wanted.family);
    message.header.table = u8::try_from(wanted.table).unwrap_or(RouteHeader::RT_TABLE_UNSPEC);
    message.header.protocol = RouteProtocol::Other(PROTOCOL);
    message.header.scope = RouteScope::Host;
    message.header.kind = RouteType::Local;
    message.attributes = vec![RouteAttribute::Oif(LO), RouteAttribute::Table(wanted.table)];
    message
}

/// The question for all routes of a family; the kernel lists all tables.
pub(super) fn list(family: IpFamily) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = address_family(family);
    message
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::Emitable;

    use super::*;

    #[test]
    fn what_is_written_is_read_as_ours() {
        for table in [133, 70_000] {
            let wanted = MarkRoute { family: IpFamily::V6, mark: 1, table };
            let message = message(wanted);
            let mut bytes = vec![0; message.buffer_len()];
            message.emit(&mut bytes);
            let route = Route::parse(NEW_ROUTE, &bytes).unwrap();
            assert!(route.is_as_ours_in(table) && route.protocol == PROTOCOL);
            assert!(!route.is_as_ours_in(1));
            assert!(Route::parse(NEW_ROUTE, &bytes[..11]).is_none());
        }
    }
}
