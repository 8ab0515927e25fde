//! Where a redirected connection was going before a rule rewrote its destination.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::{Ip6tOriginalDst, OriginalDst};

/// The original destination of an accepted TCP connection whose own end is `local`
/// (`SO_ORIGINAL_DST`, `IP6T_SO_ORIGINAL_DST`); `local` itself where connection tracking does not
/// know the connection. It takes no capability.
///
/// # Errors
/// The kernel refused.
pub fn original_destination(socket: &impl AsFd, local: SocketAddr) -> io::Result<SocketAddr> {
    let original = match local {
        SocketAddr::V4(_) => getsockopt(socket, OriginalDst).map(|raw| {
            let ip = Ipv4Addr::from(u32::from_be(raw.sin_addr.s_addr));
            SocketAddr::from((ip, u16::from_be(raw.sin_port)))
        }),
        SocketAddr::V6(_) => getsockopt(socket, Ip6tOriginalDst).map(|raw| {
            let ip = Ipv6Addr::from(raw.sin6_addr.s6_addr);
            SocketAddr::from((ip, u16::from_be(raw.sin6_port)))
        }),
    };
    match original {
        Ok(original) => Ok(original),
        // Not tracked, or no connection tracking at all: nobody changed it.
        Err(Errno::ENOENT | Errno::ENOPROTOOPT) => Ok(local),
        Err(error) => Err(error.into()),
    }
}
