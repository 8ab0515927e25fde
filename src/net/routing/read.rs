//! The lists of rules and routes, read from the kernel.

use netlink_packet_core::NLM_F_DUMP;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::EAFNOSUPPORT;
use super::route::{self, Route};
use super::rule::{self, Rule};
use crate::netlink::{Connection, NetlinkError};
use crate::words::IpFamily;

/// How often a list is read again that changed while it was read.
const READS: usize = 5;

pub(super) fn rules(
    connection: &mut Connection,
    family: IpFamily,
) -> Result<Vec<Rule>, NetlinkError> {
    list(connection, || RouteNetlinkMessage::GetRule(rule::list(family)), Rule::parse)
}

pub(super) fn routes(
    connection: &mut Connection,
    family: IpFamily,
) -> Result<Vec<Route>, NetlinkError> {
    list(connection, || RouteNetlinkMessage::GetRoute(route::list(family)), Route::parse)
}

/// Reads a list, again if it changed meanwhile. Of a family that the kernel lacks there is nothing.
fn list<T>(
    connection: &mut Connection,
    request: impl Fn() -> RouteNetlinkMessage,
    parse: impl Fn(u16, &[u8]) -> Option<T>,
) -> Result<Vec<T>, NetlinkError> {
    let mut reads = 0;
    loop {
        reads += 1;
        let mut found = Vec::new();
        let read = read_into(connection, request(), &parse, &mut found);
        match read {
            Ok(()) => return Ok(found),
            Err(error) if error.errno() == Some(EAFNOSUPPORT) => return Ok(Vec::new()),
            Err(NetlinkError::Interrupted { .. }) if reads < READS => {}
            Err(error) => return Err(error),
        }
    }
}

fn read_into<T>(
    connection: &mut Connection,
    request: RouteNetlinkMessage,
    parse: &impl Fn(u16, &[u8]) -> Option<T>,
    found: &mut Vec<T>,
) -> Result<(), NetlinkError> {
    connection.request(NLM_F_DUMP, request, &mut |kind, body| {
        found.extend(parse(kind, body));
        Ok(())
    })
}

pub(super) fn address_family(family: IpFamily) -> AddressFamily {
    match family {
        IpFamily::V4 => AddressFamily::Inet,
        IpFamily::V6 => AddressFamily::Inet6,
    }
}
