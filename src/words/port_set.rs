//! A set of transport ports.

use std::fmt;

use super::{Port, PortRange};

/// A set of ports as sorted ranges that neither overlap nor touch: equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortSet(Vec<PortRange>);

impl PortSet {
    /// The ranges, lowest first, with at least one port between each and the next.
    pub fn ranges(&self) -> &[PortRange] {
        &self.0
    }

    /// Whether no port is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `port` is in the set.
    pub fn contains(&self, port: Port) -> bool {
        let index = self.0.partition_point(|range| range.last() < port);
        self.0.get(index).is_some_and(|range| range.contains(port))
    }

    /// Whether some port is in both sets.
    pub fn intersects(&self, other: &PortSet) -> bool {
        let shares_a_port = |range: &PortRange| {
            let index = other.0.partition_point(|theirs| theirs.last() < range.first());
            other.0.get(index).is_some_and(|theirs| theirs.first() <= range.last())
        };
        self.0.iter().any(shares_a_port)
    }
}

impl FromIterator<PortRange> for PortSet {
    fn from_iter<I: IntoIterator<Item = PortRange>>(ranges: I) -> PortSet {
        let mut sorted: Vec<PortRange> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut merged: Vec<PortRange> = Vec::new();
        for range in sorted {
            match merged.last_mut() {
                Some(before) if touches(*before, range) => *before = union(*before, range),
                Some(_) | None => merged.push(range),
            }
        }
        PortSet(merged)
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{range}")?;
        }
        Ok(())
    }
}

fn touches(before: PortRange, after: PortRange) -> bool {
    after.first().get() <= before.last().get().saturating_add(1)
}

fn union(before: PortRange, after: PortRange) -> PortRange {
    PortRange::new(before.first(), before.last().max(after.last())).unwrap_or(before)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(texts: &[&str]) -> PortSet {
        texts.iter().map(|text| text.parse::<PortRange>().unwrap()).collect()
    }

    #[test]
    fn overlapping_and_adjacent_ranges_merge() {
        let merged = set(&["8080", "80", "81-90", "85-100", "65535", "65000-65534"]);
        assert_eq!(merged.to_string(), "80-100, 8080, 65000-65535");
        assert_eq!(set(&[]).to_string(), "");
        assert!(set(&[]).is_empty());
    }

    #[test]
    fn intersection_counts_shared_ports_only() {
        assert!(set(&["1-10", "20"]).intersects(&set(&["15", "20-30"])));
        assert!(!set(&["1-10", "20"]).intersects(&set(&["11-19", "21"])));
        assert!(!set(&[]).intersects(&set(&["1-65535"])));
    }

    fn ranges() -> impl Strategy<Value = Vec<PortRange>> {
        let range = (1..200_u16, 0..9_u16).prop_map(|(first, more)| {
            PortRange::new(Port::new(first).unwrap(), Port::new(first + more).unwrap()).unwrap()
        });
        prop::collection::vec(range, 0..30)
    }

    proptest! {
        #[test]
        fn holds_what_the_ranges_hold(ranges in ranges(), others in ranges()) {
            let set: PortSet = ranges.iter().copied().collect();
            let other: PortSet = others.iter().copied().collect();
            let all = || (1..300_u16).filter_map(Port::new);
            for port in all() {
                prop_assert_eq!(set.contains(port), ranges.iter().any(|r| r.contains(port)));
            }
            let shared = all().any(|port| set.contains(port) && other.contains(port));
            prop_assert_eq!(set.intersects(&other), shared);
            for pair in set.ranges().windows(2) {
                prop_assert!(pair[0].last().get() + 1 < pair[1].first().get());
            }
        }
    }
}
