//! Destinations that a policy may capture: those where nobody is come first.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::policy::{CapturePolicy, OutboundRanges};
use crate::words::{CidrSet, IpFamily, PortSet};

use super::check::family_of;

/// Addresses for documentation and tests (RFC 5737, 2544, 3849, 9637), and those that swallow
/// what they get (RFC 6666).
const NOBODY_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(192, 0, 2, 1),
    Ipv4Addr::new(203, 0, 113, 1),
    Ipv4Addr::new(198, 51, 100, 1),
    Ipv4Addr::new(198, 18, 0, 1),
];
const NOBODY_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 1),
];
const USUAL_PORTS: [u16; 4] = [80, 443, 8080, 9];
/// How many ranges of a list are looked at.
const RANGES: usize = 16;

/// Addresses of this family where nobody is.
pub(super) fn nobody(family: IpFamily) -> Vec<IpAddr> {
    match family {
        IpFamily::V4 => NOBODY_V4.map(IpAddr::V4).to_vec(),
        IpFamily::V6 => NOBODY_V6.map(IpAddr::V6).to_vec(),
    }
}

/// Addresses of this family that the policy may capture, each once, and the ports to try there.
pub(super) fn destinations(policy: &CapturePolicy, family: IpFamily) -> Vec<(IpAddr, Vec<u16>)> {
    let ports = ports(policy);
    let mut all: Vec<(IpAddr, Vec<u16>)> = Vec::new();
    for address in addresses(policy, family) {
        if !all.iter().any(|(known, _)| *known == address) {
            all.push((address, ports.clone()));
        }
    }
    let services = policy.outbound.services.iter();
    let of_family = services.filter(|service| family_of(service.address()) == family);
    all.extend(of_family.map(|service| (service.address(), vec![service.port().get()])));
    all
}

fn addresses(policy: &CapturePolicy, family: IpFamily) -> Vec<IpAddr> {
    let mut all = nobody(family);
    if let OutboundRanges::Only(ranges) = &policy.outbound.ranges {
        all.extend(edges(ranges.ranges(), family));
    }
    all.extend(edges(&policy.outbound.exclude_ranges, family));
    all.retain(|address| is_for_hosts(*address));
    all
}

/// Addresses just inside the ranges, and just behind them.
fn edges(set: &CidrSet, family: IpFamily) -> Vec<IpAddr> {
    let v4 = |range: (u32, u32)| near(range.0.into(), range.1.into(), u32::MAX.into());
    match family {
        IpFamily::V4 => set
            .ipv4()
            .iter()
            .take(RANGES)
            .flat_map(|range| {
                let all = v4((range.first().into(), range.last().into()));
                all.into_iter()
                    .filter_map(|n| u32::try_from(n).ok())
                    .map(|n| Ipv4Addr::from(n).into())
            })
            .collect(),
        IpFamily::V6 => set
            .ipv6()
            .iter()
            .take(RANGES)
            .flat_map(|range| {
                let all = near(range.first().into(), range.last().into(), u128::MAX);
                all.into_iter().map(|n| Ipv6Addr::from(n).into())
            })
            .collect(),
    }
}

/// The second number of a range, as the first may be no host's; the last but one; the one behind.
fn near(first: u128, last: u128, most: u128) -> Vec<u128> {
    let second = if first < last { first + 1 } else { first };
    let last_but_one = if first < last { last - 1 } else { last };
    let behind = (last < most).then(|| last + 1);
    let mut all = vec![second, last_but_one];
    all.extend(behind);
    all
}

fn ports(policy: &CapturePolicy) -> Vec<u16> {
    let outbound = &policy.outbound;
    let mut all = USUAL_PORTS.to_vec();
    all.extend(inside(&outbound.include_ports));
    all.extend(behind(&outbound.exclude_ports));
    for entry in outbound.exclude_ports_by_uid.entries().take(RANGES) {
        all.extend(behind(&entry.ports));
    }
    let mut each = Vec::new();
    all.retain(|port| {
        !each.contains(port) && {
            each.push(*port);
            true
        }
    });
    all
}

fn inside(set: &PortSet) -> impl Iterator<Item = u16> {
    let ranges = set.ranges().iter().take(RANGES);
    ranges.flat_map(|range| [range.first().get(), range.last().get()])
}

fn behind(set: &PortSet) -> impl Iterator<Item = u16> {
    let ranges = set.ranges().iter().take(RANGES);
    ranges
        .flat_map(|range| [range.last().get().checked_add(1), range.first().get().checked_sub(1)])
        .flatten()
        .filter(|port| *port != 0)
}

/// Whether a host may have it, here or elsewhere.
fn is_for_hosts(address: IpAddr) -> bool {
    let is_special = match address {
        IpAddr::V4(v4) => v4.octets()[0] == 0 || v4.is_loopback() || v4.is_broadcast(),
        IpAddr::V6(v6) => {
            let is_mapped = v6.to_ipv4_mapped().is_some();
            v6.is_unspecified() || v6.is_loopback() || v6.is_unicast_link_local() || is_mapped
        }
    };
    !is_special && !address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> CapturePolicy {
        CapturePolicy::from_yaml(&format!("apiVersion: nftdivert/v1\n{text}")).unwrap()
    }

    fn has(text: &str, family: IpFamily, address: &str, port: u16) -> bool {
        let address: IpAddr = address.parse().unwrap();
        let all = destinations(&policy(text), family);
        all.iter().any(|(known, ports)| *known == address && ports.contains(&port))
    }

    #[test]
    fn lists_give_addresses_and_ports_inside_and_behind() {
        let lists = "outbound: {ranges: [10.0.0.0/8], excludeRanges: [10.0.0.0/16], \
                     includePorts: [7000-7001], excludePorts: [80-90]}";
        for (address, port) in
            [("192.0.2.1", 80), ("10.0.0.1", 80), ("10.1.0.0", 7001), ("192.0.2.1", 91)]
        {
            assert!(has(lists, IpFamily::V4, address, port), "{address} {port}");
        }
        let service = "outbound: {ranges: [], services: [{address: 10.96.0.10, port: 77}]}";
        assert!(has(service, IpFamily::V4, "10.96.0.10", 77));
        assert!(!has(service, IpFamily::V4, "192.0.2.1", 77));
    }

    #[test]
    fn no_address_that_no_host_has() {
        for text in ["outbound: {ranges: [0.0.0.0/0, '::/0']}", "outbound: {ranges: [127.0.0.0/8]}"]
        {
            for family in [IpFamily::V4, IpFamily::V6] {
                for (address, _) in destinations(&policy(text), family) {
                    assert!(!address.is_unspecified() && !address.is_loopback(), "{address}");
                    assert!(!address.is_multicast() && is_for_hosts(address), "{address}");
                }
            }
        }
    }
}
