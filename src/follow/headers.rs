//! The bytes of a traced packet's headers in words.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::event::RawHeaders;
use crate::explain::{Addresses, Ports, Protocol};
use crate::ruleset::build::{ICMPV6, NFPROTO_IPV4, NFPROTO_IPV6, TCP, UDP};

/// `IPPROTO_ICMP`.
pub(super) const ICMP: u8 = 1;

/// What a packet says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers {
    /// Source and destination.
    pub addresses: Addresses,
    /// The transport protocol and what its header says.
    pub protocol: Protocol,
    /// TCP's number of sequence, which tells one packet of a connection from another.
    pub sequence: Option<u32>,
}

/// Reads the headers; `None` where they are of another family or cut off.
#[must_use]
pub fn parse(raw: &RawHeaders) -> Option<Headers> {
    let (addresses, number) = match u8::try_from(raw.nfproto).ok()? {
        NFPROTO_IPV4 => {
            let source = Ipv4Addr::from(bytes::<4>(&raw.network, 12)?);
            let destination = Ipv4Addr::from(bytes::<4>(&raw.network, 16)?);
            (Addresses::V4 { source, destination }, *raw.network.get(9)?)
        }
        NFPROTO_IPV6 => {
            let source = Ipv6Addr::from(bytes::<16>(&raw.network, 8)?);
            let destination = Ipv6Addr::from(bytes::<16>(&raw.network, 24)?);
            (Addresses::V6 { source, destination }, *raw.network.get(6)?)
        }
        _ => return None,
    };
    let protocol = protocol(number, &raw.transport).unwrap_or(Protocol::Other(number));
    let is_tcp = matches!(protocol, Protocol::Tcp { .. });
    let sequence = bytes::<4>(&raw.transport, 4).filter(|_| is_tcp).map(u32::from_be_bytes);
    Some(Headers { addresses, protocol, sequence })
}

fn protocol(number: u8, transport: &[u8]) -> Option<Protocol> {
    let port = |offset| bytes::<2>(transport, offset).map(u16::from_be_bytes);
    let ports = || Some(Ports { source: port(0)?, destination: port(2)? });
    match number {
        TCP => Some(Protocol::Tcp { ports: ports()?, flags: *transport.get(13)? }),
        UDP => Some(Protocol::Udp { ports: ports()? }),
        ICMP | ICMPV6 => Some(Protocol::Icmp { kind: *transport.first()? }),
        _ => None,
    }
}

fn bytes<const N: usize>(header: &[u8], offset: usize) -> Option<[u8; N]> {
    header.get(offset..offset + N)?.try_into().ok()
}
