//! A range of addresses of one family.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

mod sealed {
    pub trait Sealed {}
    impl Sealed for std::net::Ipv4Addr {}
    impl Sealed for std::net::Ipv6Addr {}
}

/// An address of one family that can be counted with; only `Ipv4Addr` and `Ipv6Addr` are.
pub trait Address: sealed::Sealed + Copy + Ord + fmt::Display {
    /// The length of an address, in bits.
    const BITS: u32;

    /// The address as a number, in host byte order.
    fn number(self) -> u128;

    /// The address that follows; `None` after the highest.
    fn next(self) -> Option<Self>;
}

impl Address for Ipv4Addr {
    const BITS: u32 = 32;

    fn number(self) -> u128 {
        u128::from(self.to_bits())
    }

    fn next(self) -> Option<Ipv4Addr> {
        self.to_bits().checked_add(1).map(Ipv4Addr::from_bits)
    }
}

impl Address for Ipv6Addr {
    const BITS: u32 = 128;

    fn number(self) -> u128 {
        self.to_bits()
    }

    fn next(self) -> Option<Ipv6Addr> {
        self.to_bits().checked_add(1).map(Ipv6Addr::from_bits)
    }
}

/// Addresses from `first` to `last`, both included; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddrRange<A> {
    first: A,
    last: A,
}

impl<A: Address> AddrRange<A> {
    /// The range from `first` to `last`; `None` where `last` comes before `first`.
    pub fn new(first: A, last: A) -> Option<AddrRange<A>> {
        (first <= last).then_some(AddrRange { first, last })
    }

    /// The lowest address.
    pub const fn first(self) -> A {
        self.first
    }

    /// The highest address.
    pub const fn last(self) -> A {
        self.last
    }

    /// Whether `address` lies inside.
    pub fn contains(self, address: A) -> bool {
        (self.first..=self.last).contains(&address)
    }

    /// The prefix length in bits, where the range is exactly one prefix.
    pub fn prefix_len(self) -> Option<u32> {
        let host = self.first.number() ^ self.last.number();
        let ones_at_the_end = host & host.wrapping_add(1) == 0;
        let aligned = self.first.number() & host == 0;
        (ones_at_the_end && aligned).then_some(A::BITS - host.count_ones())
    }
}

impl From<Ipv4Net> for AddrRange<Ipv4Addr> {
    fn from(net: Ipv4Net) -> AddrRange<Ipv4Addr> {
        AddrRange { first: net.network(), last: net.broadcast() }
    }
}

impl From<Ipv6Net> for AddrRange<Ipv6Addr> {
    fn from(net: Ipv6Net) -> AddrRange<Ipv6Addr> {
        AddrRange { first: net.network(), last: net.broadcast() }
    }
}

/// The ranges sorted, with overlapping and adjacent ones made one.
pub(super) fn merged<A: Address>(mut ranges: Vec<AddrRange<A>>) -> Vec<AddrRange<A>> {
    ranges.sort_unstable();
    let mut merged: Vec<AddrRange<A>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(before) if before.last.next().is_none_or(|next| range.first <= next) => {
                before.last = before.last.max(range.last);
            }
            Some(_) | None => merged.push(range),
        }
    }
    merged
}

impl<A: Address> fmt::Display for AddrRange<A> {
    /// As nft prints an interval: a bare address, a prefix, or `first-last`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix_len() {
            Some(bits) if bits == A::BITS => write!(f, "{}", self.first),
            Some(bits) => write!(f, "{}/{bits}", self.first),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<A: Address + std::str::FromStr<Err: fmt::Debug>>(first: &str, last: &str) -> String {
        AddrRange::<A>::new(first.parse().unwrap(), last.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn shown_as_nft_shows_it() {
        assert_eq!(shown::<Ipv4Addr>("10.0.0.0", "10.255.255.255"), "10.0.0.0/8");
        assert_eq!(shown::<Ipv4Addr>("10.0.0.1", "10.0.0.1"), "10.0.0.1");
        assert_eq!(shown::<Ipv4Addr>("10.0.0.1", "10.0.0.2"), "10.0.0.1-10.0.0.2");
        assert_eq!(shown::<Ipv4Addr>("10.0.0.1", "10.0.0.4"), "10.0.0.1-10.0.0.4");
        assert_eq!(shown::<Ipv4Addr>("0.0.0.0", "255.255.255.255"), "0.0.0.0/0");
        let highest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(shown::<Ipv6Addr>("::", highest), "::/0");
        assert_eq!(shown::<Ipv6Addr>("::1", highest), format!("::1-{highest}"));
        assert_eq!(shown::<Ipv6Addr>("2001:db8::", "2001:db8::ffff"), "2001:db8::/112");
    }

    #[test]
    fn never_empty() {
        assert_eq!(AddrRange::new(Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED), None);
    }
}
