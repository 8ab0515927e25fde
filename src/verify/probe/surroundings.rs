//! Looks at the process and its namespace, as anybody may.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use nix::errno::Errno;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use nix::unistd::{getegid, geteuid, setfsgid, setfsuid};

use super::ProbeError;
use super::place::{Place, Route};
use crate::words::{Gid, IfName, Uid};

/// Any port: nothing is sent there.
const DISCARD: u16 = 9;

/// The process and the addresses of interfaces that are up.
pub(super) fn place() -> Result<Place, ProbeError> {
    let (Some(uid), Some(gid)) = (uid(), gid()) else { return Err(ProbeError::NoUser) };
    let all = match getifaddrs() {
        Ok(all) => all.filter_map(|held| named(&held)).collect(),
        // A kernel without any address family but local ones.
        Err(Errno::EAFNOSUPPORT) => Vec::new(),
        Err(error) => return Err(ProbeError::Addresses(error)),
    };
    Ok(Place { uid, gid, addresses: all })
}

/// Rules read the ids with which a socket's file was made: the fsuid, which is the effective one
/// unless a thread has changed it. Asking for the impossible id tells it, where a seccomp filter
/// lets one ask.
fn uid() -> Option<Uid> {
    let asked = setfsuid(nix::unistd::Uid::from_raw(u32::MAX)).as_raw();
    Uid::new(asked).or_else(|| Uid::new(geteuid().as_raw()))
}

fn gid() -> Option<Gid> {
    let asked = setfsgid(nix::unistd::Gid::from_raw(u32::MAX)).as_raw();
    Gid::new(asked).or_else(|| Gid::new(getegid().as_raw()))
}

fn named(held: &InterfaceAddress) -> Option<(IfName, IpAddr)> {
    let address = held.address.as_ref()?;
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    let address = v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))?;
    let is_up = held.flags.contains(InterfaceFlags::IFF_UP);
    let name = held.interface_name.parse().ok()?;
    is_up.then_some((name, address))
}

/// The way of what is sent to an address. Connecting a datagram socket looks it up, and sends
/// nothing.
pub(super) fn route(place: &Place, to: IpAddr) -> Result<Route, String> {
    let source = source(to).map_err(|error| error.to_string())?;
    if place.has(to) {
        let lo = "lo".parse::<IfName>().map_err(|error| error.to_string())?;
        return Ok(Route { source, interface: lo });
    }
    // The interface that holds the source address; routes that say otherwise are rare.
    let held = place.addresses.iter().find(|(_, address)| *address == source);
    let interface = held.map(|(name, _)| name.clone());
    let interface = interface.ok_or_else(|| format!("no interface has the source {source}"))?;
    Ok(Route { source, interface })
}

fn source(to: IpAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = match to {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(SocketAddr::new(to, DISCARD))?;
    Ok(socket.local_addr()?.ip())
}
