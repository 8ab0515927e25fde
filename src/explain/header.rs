//! The bytes of a packet's headers, which `payload` takes its slices of.

use super::packet::{Addresses, Protocol};
use crate::ruleset::build::{ICMPV6, TCP, UDP};

/// `IPPROTO_ICMP`.
const ICMP: u8 = 1;
/// What hosts usually start with (`ip_default_ttl`).
const HOP_LIMIT: u8 = 64;
/// Bytes of an IPv4 header without options.
const IPV4_LEN: u16 = 20;

/// The number of the transport protocol.
pub(super) fn protocol_number(addresses: &Addresses, protocol: Protocol) -> u8 {
    match (protocol, addresses) {
        (Protocol::Tcp { .. }, _) => TCP,
        (Protocol::Udp { .. }, _) => UDP,
        (Protocol::Icmp { .. }, Addresses::V4 { .. }) => ICMP,
        (Protocol::Icmp { .. }, Addresses::V6 { .. }) => ICMPV6,
        (Protocol::Other(number), _) => number,
    }
}

/// The IPv4 or IPv6 header without options; identification and checksum are 0.
pub(super) fn network(addresses: &Addresses, protocol: Protocol) -> Vec<u8> {
    let number = protocol_number(addresses, protocol);
    let after = u16::try_from(transport(protocol).len()).unwrap_or_default();
    match addresses {
        Addresses::V4 { source, destination } => {
            let length = (IPV4_LEN + after).to_be_bytes();
            let mut bytes = vec![0x45, 0, length[0], length[1], 0, 0, 0x40, 0];
            bytes.extend([HOP_LIMIT, number, 0, 0]);
            bytes.extend(source.octets());
            bytes.extend(destination.octets());
            bytes
        }
        Addresses::V6 { source, destination } => {
            let length = after.to_be_bytes();
            let mut bytes = vec![0x60, 0, 0, 0, length[0], length[1], number, HOP_LIMIT];
            bytes.extend(source.octets());
            bytes.extend(destination.octets());
            bytes
        }
    }
}

/// The header that follows: numbers of sequence, windows and checksums are 0. Empty where nothing
/// is known of it.
pub(super) fn transport(protocol: Protocol) -> Vec<u8> {
    let ports = protocol.ports().map(|ports| [ports.source, ports.destination]);
    let ports = ports.into_iter().flatten().flat_map(u16::to_be_bytes);
    match protocol {
        Protocol::Tcp { flags, .. } => {
            let rest = [0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0];
            ports.chain(rest).collect()
        }
        Protocol::Udp { .. } => ports.chain([0, 8, 0, 0]).collect(),
        Protocol::Icmp { kind } => vec![kind, 0, 0, 0, 0, 0, 0, 0],
        Protocol::Other(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{Ports, TCP_SYN};
    use super::*;

    const PORTS: Ports = Ports { source: 4096, destination: 443 };

    #[test]
    fn fields_stand_where_the_protocols_have_them() {
        let v4 = Addresses::new([10, 0, 0, 2].into(), [192, 0, 2, 1].into()).unwrap();
        let tcp = Protocol::Tcp { ports: PORTS, flags: TCP_SYN };
        let header = network(&v4, tcp);
        assert_eq!((header.len(), header[9], header[3]), (20, TCP, 40));
        assert_eq!((&header[12..16], &header[16..20]), (&[10, 0, 0, 2][..], &[192, 0, 2, 1][..]));
        let header = transport(tcp);
        assert_eq!((header.len(), header[13]), (20, TCP_SYN));
        assert_eq!(header[..4], [16, 0, 1, 187]);

        let v6 = Addresses::new("fd88::2".parse().unwrap(), "fd88::1".parse().unwrap()).unwrap();
        let header = network(&v6, Protocol::Icmp { kind: 128 });
        assert_eq!((header.len(), header[6], header[23], header[39]), (40, ICMPV6, 2, 1));
        assert_eq!(transport(Protocol::Icmp { kind: 128 })[0], 128);
        assert_eq!(transport(Protocol::Udp { ports: PORTS })[..4], [16, 0, 1, 187]);
        assert!(transport(Protocol::Other(132)).is_empty());
    }
}
