//! IPv6 addresses on `lo`.

use std::net::{IpAddr, Ipv6Addr};

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::netlink::{Connection, Family, NetlinkError};

/// The index of `lo` in every network namespace (`LOOPBACK_IFINDEX`).
const LO: u32 = 1;
/// `RTM_NEWADDR`.
const NEW_ADDRESS: u16 = 20;
/// Bytes of `struct ifaddrmsg`.
const HEADER_LEN: usize = 8;
/// `IFA_ADDRESS`.
const IFA_ADDRESS: u16 = 1;
const EADDRNOTAVAIL: i32 = 99;
const EEXIST: i32 = 17;

/// Whether `lo` holds the address.
///
/// # Errors
/// The kernel refused.
pub fn is_on_lo(connection: &mut Connection, address: Ipv6Addr) -> Result<bool, NetlinkError> {
    let mut found = false;
    let mut list = AddressMessage::default();
    list.header.family = AddressFamily::Inet6;
    connection.request(NLM_F_DUMP, RouteNetlinkMessage::GetAddress(list), &mut |kind, body| {
        found |= kind == NEW_ADDRESS && is_this(body, address);
        Ok(())
    })?;
    Ok(found)
}

fn is_this(body: &[u8], address: Ipv6Addr) -> bool {
    let Some((header, attributes)) = body.split_at_checked(HEADER_LEN) else { return false };
    let index = header.get(4..8).and_then(|index| index.try_into().ok()).map(u32::from_ne_bytes);
    let holds = crate::netlink::Attributes::new(attributes)
        .find(IFA_ADDRESS)
        .is_some_and(|held| held.bytes() == address.octets());
    index == Some(LO) && holds
}

/// Adds the address to `lo`; that it is there already is success.
///
/// # Errors
/// The kernel refused.
pub fn add_to_lo(connection: &mut Connection, address: Ipv6Addr) -> Result<(), NetlinkError> {
    let mut message = on_lo(address);
    // Without it the address is tentative until a work queue of the kernel has run, on `lo` too,
    // and nobody can dial from it before (6.18).
    message.header.flags |= AddressHeaderFlags::Nodad;
    let add = RouteNetlinkMessage::NewAddress(message);
    let flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    succeed_on(EEXIST, connection.request(flags, add, &mut |_, _| Ok(())))
}

/// Takes the address from `lo`; that it is not there is success.
///
/// # Errors
/// The kernel refused.
pub fn remove_from_lo(connection: &mut Connection, address: Ipv6Addr) -> Result<(), NetlinkError> {
    let delete = RouteNetlinkMessage::DelAddress(on_lo(address));
    succeed_on(EADDRNOTAVAIL, connection.request(NLM_F_ACK, delete, &mut |_, _| Ok(())))
}

fn on_lo(address: Ipv6Addr) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet6;
    message.header.prefix_len = 128;
    message.header.index = LO;
    message.attributes = vec![
        AddressAttribute::Local(IpAddr::V6(address)),
        AddressAttribute::Address(IpAddr::V6(address)),
    ];
    message
}

fn succeed_on(errno: i32, result: Result<(), NetlinkError>) -> Result<(), NetlinkError> {
    match result {
        Err(error) if error.errno() == Some(errno) => Ok(()),
        other => other,
    }
}

/// Opens a socket for addresses in the namespace of the calling thread.
///
/// # Errors
/// Descriptors ran out.
pub fn connect() -> Result<Connection, NetlinkError> {
    Connection::open(Family::Route)
}
