//! IPv6 addresses on `lo`.

use std::net::{IpAddr, Ipv6Addr};
use std::thread::sleep;
use std::time::{Duration, Instant};

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use netlink_packet_route::link::{LinkFlags, LinkMessage};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::netlink::{Connection, Family, NetlinkError};

/// The index of `lo` in every network namespace (`LOOPBACK_IFINDEX`).
const LO: u32 = 1;
/// `RTM_NEWADDR`.
const NEW_ADDRESS: u16 = 20;
/// `RTM_NEWLINK`.
const NEW_LINK: u16 = 16;
/// `RTM_NEWROUTE`.
const NEW_ROUTE: u16 = 24;
/// The type of routes to the machine itself.
const RTN_LOCAL: u8 = 2;
const IFF_UP: u32 = 1;
/// Bytes of `struct ifaddrmsg`.
const HEADER_LEN: usize = 8;
/// `IFA_ADDRESS`.
const IFA_ADDRESS: u16 = 1;
const EADDRNOTAVAIL: i32 = 99;
const EEXIST: i32 = 17;
const ENETUNREACH: i32 = 101;

/// How long a new address is waited for.
const LIMIT: Duration = Duration::from_secs(1);
/// The pause before it is looked for again; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_micros(100);

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
    let add = RouteNetlinkMessage::NewAddress(on_lo(address));
    let flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    succeed_on(EEXIST, connection.request(flags, add, &mut |_, _| Ok(())))
}

/// Waits until what is sent to the address arrives; whether it does. Where `lo` is down there is
/// nothing to wait for.
///
/// A work queue of the kernel adds the local route some time after the address (6.18): till then
/// what is sent to the address leaves by the default route and is lost.
///
/// # Errors
/// The kernel refused.
pub fn wait_until_routed(
    connection: &mut Connection,
    address: Ipv6Addr,
) -> Result<bool, NetlinkError> {
    if is_local(connection, address)? || !is_lo_up(connection)? {
        return Ok(true);
    }
    let start = Instant::now();
    let mut pause = FIRST_PAUSE;
    while start.elapsed() < LIMIT {
        sleep(pause);
        pause *= 2;
        if is_local(connection, address)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sets `lo` up, as runtimes do before a pod starts.
///
/// # Errors
/// The kernel refused.
pub fn set_lo_up(connection: &mut Connection) -> Result<(), NetlinkError> {
    let mut lo = LinkMessage::default();
    lo.header.index = LO;
    lo.header.flags = LinkFlags::Up;
    lo.header.change_mask = LinkFlags::Up;
    connection.request(NLM_F_ACK, RouteNetlinkMessage::SetLink(lo), &mut |_, _| Ok(()))
}

fn is_lo_up(connection: &mut Connection) -> Result<bool, NetlinkError> {
    let mut is_up = false;
    let mut lo = LinkMessage::default();
    lo.header.index = LO;
    connection.request(0, RouteNetlinkMessage::GetLink(lo), &mut |kind, body| {
        let flags = body.get(8..12).and_then(|flags| flags.try_into().ok()).map(u32::from_ne_bytes);
        is_up |= kind == NEW_LINK && flags.is_some_and(|flags| flags & IFF_UP != 0);
        Ok(())
    })?;
    Ok(is_up)
}

/// Whether the kernel takes packets to the address in.
fn is_local(connection: &mut Connection, address: Ipv6Addr) -> Result<bool, NetlinkError> {
    let mut is_local = false;
    let mut ask = RouteMessage::default();
    ask.header.address_family = AddressFamily::Inet6;
    ask.header.destination_prefix_length = 128;
    ask.attributes = vec![RouteAttribute::Destination(RouteAddress::Inet6(address))];
    let asked = connection.request(0, RouteNetlinkMessage::GetRoute(ask), &mut |kind, body| {
        is_local |= kind == NEW_ROUTE && body.get(7) == Some(&RTN_LOCAL);
        Ok(())
    });
    succeed_on(ENETUNREACH, asked)?;
    Ok(is_local)
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
    // Else it is tentative, and can't be bound to, until a work queue of the kernel has run.
    message.header.flags |= AddressHeaderFlags::Nodad;
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
