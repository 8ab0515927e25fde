//! The ranges whose connections are captured, and whether loopback is among those named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::words::{Cidr, CidrSet};

/// Destinations that are captured.
///
/// A range of loopback addresses in the list means that the app's own calls over `lo` are to be
/// captured; a wider range that holds them, such as `0.0.0.0/0`, does not mean it. Which ranges
/// were named can't be seen any more when neighbours are merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncludedRanges {
    ranges: CidrSet,
    names_loopback: bool,
}

impl IncludedRanges {
    /// The ranges, merged.
    pub fn ranges(&self) -> &CidrSet {
        &self.ranges
    }

    /// Whether a range of loopback addresses was named.
    pub fn names_loopback(&self) -> bool {
        self.names_loopback
    }

    /// A list that gives the same value when it is read again.
    pub fn cidrs(&self) -> impl Iterator<Item = Cidr> {
        let is_lost = self.names_loopback && !self.ranges.cidrs().any(is_loopback);
        // A wider prefix of the list holds all of the family's loopback addresses, or none.
        let all_loopback =
            [(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)];
        let held = all_loopback.into_iter().find(|(first, _)| self.ranges.contains(*first));
        let named = held.and_then(|(first, prefix_len)| Cidr::new(first, prefix_len).ok());
        self.ranges.cidrs().chain(named.filter(|_| is_lost))
    }
}

impl FromIterator<Cidr> for IncludedRanges {
    fn from_iter<I: IntoIterator<Item = Cidr>>(cidrs: I) -> Self {
        let mut names_loopback = false;
        let noted = cidrs.into_iter().inspect(|cidr| names_loopback |= is_loopback(*cidr));
        let ranges = noted.collect();
        Self { ranges, names_loopback }
    }
}

fn is_loopback(cidr: Cidr) -> bool {
    cidr.first().is_loopback() && cidr.last().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn included(list: &[&str]) -> IncludedRanges {
        list.iter().map(|text| text.parse::<Cidr>().unwrap()).collect()
    }

    #[test]
    fn loopback_is_named_whatever_stands_beside_it() {
        for list in [
            &["127.0.0.0/8"][..],
            &["127.1.0.0/16"],
            &["::1"],
            &["126.0.0.0/8", "127.0.0.0/8"],
            &["127.0.0.0/8", "128.0.0.0/8", "0.0.0.0/0"],
            &["::1", "::/0"],
            &["::1", "::/1", "10.0.0.0/8"],
            &["::1", "127.0.0.1", "::/0", "0.0.0.0/0"],
        ] {
            let ranges = included(list);
            assert!(ranges.names_loopback(), "{list:?}");
            assert_eq!(ranges.cidrs().collect::<IncludedRanges>(), ranges, "{list:?}");
        }
    }

    #[test]
    fn a_wider_range_does_not_name_it() {
        for list in [&["0.0.0.0/0", "::/0"][..], &["126.0.0.0/7"], &[]] {
            let ranges = included(list);
            assert!(!ranges.names_loopback(), "{list:?}");
            assert_eq!(ranges.cidrs().collect::<IncludedRanges>(), ranges, "{list:?}");
        }
    }
}
