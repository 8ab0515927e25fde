//! How the ids of one user namespace are counted in another.

use std::fmt;
use std::str::FromStr;

use super::WordError;

/// What the kernel writes for an id that the reader's namespace has no number for.
const NO_ID: u32 = u32::MAX;

/// Ids that follow each other in both namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdRange {
    /// The first id, as the inner namespace counts.
    pub inside: u32,
    /// The same id, as the outer namespace counts.
    pub outside: u32,
    /// How many ids there are.
    pub count: u32,
}

/// Uids or gids of an inner user namespace, with their numbers in an outer one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdMap(Vec<IdRange>);

/// Both maps of a user namespace. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdMaps {
    /// Of users.
    pub uids: IdMap,
    /// Of groups.
    pub gids: IdMap,
}

impl IdMap {
    /// The map that changes nothing: all ids, from 0 to 4294967294.
    #[must_use]
    pub fn identity() -> Self {
        Self(vec![IdRange { inside: 0, outside: 0, count: NO_ID }])
    }

    /// The ranges, in the order in which they were written.
    #[must_use]
    pub fn ranges(&self) -> &[IdRange] {
        &self.0
    }

    /// The outer number of the inner `id`; `None` if it has none: then no socket can belong to it.
    #[must_use]
    pub fn outside(&self, id: u32) -> Option<u32> {
        self.0.iter().find_map(|range| {
            let place = id.checked_sub(range.inside).filter(|place| *place < range.count)?;
            range.outside.checked_add(place).filter(|outside| *outside != NO_ID)
        })
    }
}

impl Default for IdMap {
    fn default() -> Self {
        Self::identity()
    }
}

impl FromStr for IdMap {
    type Err = WordError;

    /// Reads the text of `/proc/PID/uid_map` or `gid_map`. No text is a map without ids: so it is
    /// in a user namespace whose map has not been written.
    fn from_str(text: &str) -> Result<Self, WordError> {
        text.lines().map(range).collect::<Option<_>>().map(Self).ok_or(WordError::IdMap)
    }
}

fn range(line: &str) -> Option<IdRange> {
    let mut numbers = line.split_ascii_whitespace().map(|word| word.parse().ok());
    let range =
        IdRange { inside: numbers.next()??, outside: numbers.next()??, count: numbers.next()?? };
    (range.count > 0 && numbers.next().is_none()).then_some(range)
}

impl fmt::Display for IdMap {
    /// Writes `0-65535 as 100000-165535`, ranges after commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, range) in self.0.iter().enumerate() {
            let IdRange { inside, outside, count } = range;
            let more = count.saturating_sub(1);
            let comma = if place == 0 { "" } else { ", " };
            let (inner, outer) = (inside.saturating_add(more), outside.saturating_add(more));
            write!(f, "{comma}{inside}-{inner} as {outside}-{outer}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> IdMap {
        text.parse().unwrap()
    }

    #[test]
    fn ids_are_counted_from_the_start_of_their_range() {
        let map = map("         0     100000      65536\n     70000          7          2\n");
        assert_eq!(map.outside(0), Some(100_000));
        assert_eq!(map.outside(1337), Some(101_337));
        assert_eq!(map.outside(65_535), Some(165_535));
        assert_eq!(map.outside(65_536), None);
        assert_eq!((map.outside(70_001), map.outside(70_002)), (Some(8), None));
        assert_eq!(map.to_string(), "0-65535 as 100000-165535, 70000-70001 as 7-8");
    }

    #[test]
    fn identity_is_what_the_first_namespace_says() {
        assert_eq!(map("         0          0 4294967295\n"), IdMap::identity());
        assert_eq!(IdMaps::default().gids, IdMap::identity());
        assert_eq!(IdMap::identity().outside(1337), Some(1337));
        assert_eq!(IdMap::identity().outside(u32::MAX - 1), Some(u32::MAX - 1));
        assert_eq!(IdMap::identity().outside(u32::MAX), None);
    }

    #[test]
    fn what_has_no_outer_number_has_none() {
        assert_eq!(map("").outside(0), None);
        assert_eq!(map("0 4294967295 10").outside(0), None);
        assert_eq!(map("0 4294967295 10").outside(3), None);
        assert_eq!(map("0 4294967290 10").outside(4), Some(u32::MAX - 1));
        assert_eq!(map("0 4294967290 10").outside(5), None);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["0 0", "0 0 0", "0 0 1 1", "a 0 1", "-1 0 1", "0 0 4294967296", "\n"] {
            assert!(text.parse::<IdMap>().is_err(), "{text:?}");
        }
    }
}
