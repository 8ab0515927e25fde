//! A set of addresses of both families.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use super::range::merged;
use super::{AddrRange, Address, Cidr};

/// A set of addresses as sorted ranges that neither overlap nor touch: equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CidrSet {
    ipv4: Vec<AddrRange<Ipv4Addr>>,
    ipv6: Vec<AddrRange<Ipv6Addr>>,
}

impl CidrSet {
    /// The IPv4 ranges, lowest first, with at least one address between each and the next.
    pub fn ipv4(&self) -> &[AddrRange<Ipv4Addr>] {
        &self.ipv4
    }

    /// The IPv6 ranges, lowest first, with at least one address between each and the next.
    pub fn ipv6(&self) -> &[AddrRange<Ipv6Addr>] {
        &self.ipv6
    }

    /// Whether no address is in the set.
    pub fn is_empty(&self) -> bool {
        self.ipv4.is_empty() && self.ipv6.is_empty()
    }

    /// Whether `address` is in the set.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => holds(&self.ipv4, v4),
            IpAddr::V6(v6) => holds(&self.ipv6, v6),
        }
    }

    /// The fewest prefixes that make up the set, IPv4 first, lowest first.
    pub fn cidrs(&self) -> impl Iterator<Item = Cidr> {
        let ipv4 = self
            .ipv4
            .iter()
            .flat_map(|range| Ipv4Subnets::new(range.first(), range.last(), 0).map(IpNet::from));
        let ipv6 = self
            .ipv6
            .iter()
            .flat_map(|range| Ipv6Subnets::new(range.first(), range.last(), 0).map(IpNet::from));
        ipv4.chain(ipv6).filter_map(|net| Cidr::new(net.addr(), net.prefix_len()).ok())
    }
}

impl FromIterator<Cidr> for CidrSet {
    fn from_iter<I: IntoIterator<Item = Cidr>>(cidrs: I) -> CidrSet {
        let (mut ipv4, mut ipv6) = (Vec::new(), Vec::new());
        for cidr in cidrs {
            match cidr.net() {
                IpNet::V4(net) => ipv4.push(AddrRange::from(net)),
                IpNet::V6(net) => ipv6.push(AddrRange::from(net)),
            }
        }
        CidrSet { ipv4: merged(ipv4), ipv6: merged(ipv6) }
    }
}

fn holds<A: Address>(ranges: &[AddrRange<A>], address: A) -> bool {
    let index = ranges.partition_point(|range| range.last() < address);
    ranges.get(index).is_some_and(|range| range.contains(address))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(texts: &[&str]) -> CidrSet {
        texts.iter().map(|text| text.parse::<Cidr>().unwrap()).collect()
    }

    #[test]
    fn overlapping_and_adjacent_ranges_merge() {
        let merged = set(&["10.0.0.2", "10.0.0.0/31", "10.0.0.1", "::/1", "8000::/1", "::1"]);
        let shown: Vec<String> = merged.ipv4().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0-10.0.0.2"]);
        assert_eq!(merged.ipv6()[0].to_string(), "::/0");
        let cidrs: Vec<String> = merged.cidrs().map(|cidr| cidr.to_string()).collect();
        assert_eq!(cidrs, ["10.0.0.0/31", "10.0.0.2", "::/0"]);
        assert!(set(&[]).is_empty());
    }

    /// Networks near each other and at both ends of the address space, so that they meet.
    fn cidr() -> impl Strategy<Value = Cidr> {
        let v4 = (prop_oneof![0..64_u32, u32::MAX - 63..=u32::MAX], 26..=32_u8).prop_map(
            |(bits, len)| {
                let net = ipnet::Ipv4Net::new(Ipv4Addr::from_bits(bits), len).unwrap();
                Cidr::new(IpAddr::V4(net.network()), len).unwrap()
            },
        );
        let v6 = (prop_oneof![0..64_u128, u128::MAX - 63..=u128::MAX], 122..=128_u8).prop_map(
            |(bits, len)| {
                let net = ipnet::Ipv6Net::new(Ipv6Addr::from_bits(bits), len).unwrap();
                Cidr::new(IpAddr::V6(net.network()), len).unwrap()
            },
        );
        prop_oneof![v4, v6]
    }

    fn probes() -> impl Iterator<Item = IpAddr> {
        let v4 = (0..70).chain(u32::MAX - 69..=u32::MAX).map(|n| Ipv4Addr::from_bits(n).into());
        let v6 = (0..70).chain(u128::MAX - 69..=u128::MAX).map(|n| Ipv6Addr::from_bits(n).into());
        v4.chain(v6)
    }

    fn apart<A: Address>(ranges: &[AddrRange<A>]) -> bool {
        ranges.windows(2).all(|pair| pair[0].last().next().is_some_and(|n| n < pair[1].first()))
    }

    proptest! {
        #[test]
        fn holds_what_the_cidrs_hold(cidrs in prop::collection::vec(cidr(), 0..40)) {
            let set: CidrSet = cidrs.iter().copied().collect();
            for address in probes() {
                let listed = cidrs.iter().any(|cidr| cidr.contains(address));
                prop_assert_eq!(set.contains(address), listed, "{}", address);
            }
            prop_assert!(apart(set.ipv4()) && apart(set.ipv6()));
        }

        #[test]
        fn prefixes_make_the_same_set(cidrs in prop::collection::vec(cidr(), 0..40)) {
            let set: CidrSet = cidrs.into_iter().collect();
            prop_assert_eq!(set.cidrs().collect::<CidrSet>(), set);
        }
    }
}
