//! Named sets: intervals of addresses and ports, or plain values.

use super::Name;

/// `enum nft_set_flags`, as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetFlags(pub u32);

impl SetFlags {
    /// A set of plain values, which the kernel keeps in a hash table.
    pub const PLAIN: Self = Self(0);
    /// `NFT_SET_INTERVAL`.
    pub const INTERVAL: Self = Self(0x4);

    /// Whether elements are intervals.
    #[must_use]
    pub fn has_intervals(self) -> bool {
        self.0 & Self::INTERVAL.0 != 0
    }
}

/// What a set holds: the datatype number that `nft` knows, and the kernel's key length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// IPv4 addresses, big-endian.
    Ipv4Addr,
    /// IPv6 addresses, big-endian.
    Ipv6Addr,
    /// Ports, big-endian.
    InetService,
    /// User ids, host byte order.
    Uid,
    /// Group ids, host byte order.
    Gid,
    /// Interface names, padded with zeros.
    IfName,
    /// IPv4 addresses with ports, each part padded to 4 bytes: `ipv4_addr . inet_service`.
    Ipv4Service,
    /// IPv6 addresses with ports, each part padded to 4 bytes: `ipv6_addr . inet_service`.
    Ipv6Service,
    /// A type that our rules do not use.
    Other {
        /// `NFTA_SET_KEY_TYPE`.
        number: u32,
        /// `NFTA_SET_KEY_LEN` in bytes.
        len: u32,
    },
}

impl KeyType {
    /// The types that our rules use, with their numbers (`enum datatypes` of nftables) and
    /// lengths in bytes.
    /// A concatenation's number has 6 bits for each part (`TYPE_BITS` of nftables).
    const KNOWN: [(Self, u32, u32, &'static str); 8] = [
        (Self::Ipv4Addr, 7, 4, "ipv4_addr"),
        (Self::Ipv6Addr, 8, 16, "ipv6_addr"),
        (Self::InetService, 13, 2, "inet_service"),
        (Self::Uid, 24, 4, "uid"),
        (Self::Gid, 25, 4, "gid"),
        (Self::IfName, 41, 16, "ifname"),
        (Self::Ipv4Service, 7 << 6 | 13, 8, "ipv4_addr . inet_service"),
        (Self::Ipv6Service, 8 << 6 | 13, 20, "ipv6_addr . inet_service"),
    ];

    /// From the numbers on the wire.
    #[must_use]
    pub fn from_wire(number: u32, len: u32) -> Self {
        Self::KNOWN
            .iter()
            .find(|known| known.1 == number && known.2 == len)
            .map_or(Self::Other { number, len }, |known| known.0)
    }

    /// The number of the datatype (`NFTA_SET_KEY_TYPE`).
    #[must_use]
    pub fn number(self) -> u32 {
        self.facts().0
    }

    /// The length of a key in bytes (`NFTA_SET_KEY_LEN`).
    #[must_use]
    pub fn bytes(self) -> u32 {
        self.facts().1
    }

    /// The name that nft prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().2
    }

    /// Whether the kernel keeps keys in host byte order.
    #[must_use]
    pub fn is_host_order(self) -> bool {
        matches!(self, Self::Uid | Self::Gid)
    }

    /// Whether nft takes keys to be in the machine's byte order: numbers, and names, which have
    /// no byte order and stand as they are.
    #[must_use]
    pub fn is_native(self) -> bool {
        self.is_host_order() || self == Self::IfName
    }

    fn facts(self) -> (u32, u32, &'static str) {
        if let Self::Other { number, len } = self {
            return (number, len, "unknown");
        }
        Self::KNOWN
            .iter()
            .find(|known| known.0 == self)
            .map_or((0, 0, "unknown"), |known| (known.1, known.2, known.3))
    }
}

/// A key as a number of at most 20 bytes, which the longest of our keys has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    high: u32,
    low: u128,
}

impl Key {
    /// The highest key of so many bytes.
    #[must_use]
    pub fn highest(bytes: usize) -> Self {
        Self::from_bytes(vec![0xff; bytes])
    }

    /// From bytes with the highest first; of more than 20 the last ones count.
    #[must_use]
    pub fn from_bytes(bytes: impl IntoIterator<Item = u8>) -> Self {
        bytes.into_iter().fold(Self::default(), |key, byte| {
            // What leaves the low part is at most 8 bits long.
            let carry = u32::try_from(key.low >> 120).unwrap_or_default();
            Self { high: key.high << 8 | carry, low: key.low << 8 | u128::from(byte) }
        })
    }

    /// Its last so many bytes, at most 20, with the highest first.
    #[must_use]
    pub fn bytes(self, count: usize) -> Vec<u8> {
        let all = [&self.high.to_be_bytes()[..], &self.low.to_be_bytes()[..]].concat();
        all.get(all.len().saturating_sub(count)..).unwrap_or_default().to_vec()
    }

    /// Its last 16 bytes.
    #[must_use]
    pub fn low(self) -> u128 {
        self.low
    }

    /// The next key; `None` after the highest of 20 bytes.
    #[must_use]
    pub fn following(self) -> Option<Self> {
        match self.low.checked_add(1) {
            Some(low) => Some(Self { low, ..self }),
            None => Some(Self { high: self.high.checked_add(1)?, low: 0 }),
        }
    }

    /// The key before; the lowest has none and stays.
    #[must_use]
    pub fn preceding(self) -> Self {
        match (self.high.checked_sub(1), self.low.checked_sub(1)) {
            (_, Some(low)) => Self { low, ..self },
            (Some(high), None) => Self { high, low: u128::MAX },
            (None, None) => self,
        }
    }
}

impl From<u128> for Key {
    fn from(low: u128) -> Self {
        Self { high: 0, low }
    }
}

/// The values from `first` to `last`, both included, as numbers of the key's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// The lowest.
    pub first: Key,
    /// The highest.
    pub last: Key,
}

impl Interval {
    /// All values between these two, and they.
    #[must_use]
    pub fn between(first: impl Into<Key>, last: impl Into<Key>) -> Self {
        Self { first: first.into(), last: last.into() }
    }

    /// Exactly one value.
    #[must_use]
    pub fn single(value: impl Into<Key>) -> Self {
        let value = value.into();
        Self { first: value, last: value }
    }
}

/// A named set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub key: KeyType,
    /// Its flags.
    pub flags: SetFlags,
    /// Its elements: sorted, disjoint; in an interval set not adjacent either.
    pub elements: Vec<Interval>,
}

impl Set {
    /// Whether rules of the same commit may meet it still empty.
    ///
    /// Linux 6.18 keeps the intervals of a set in an array, which `nft_rbtree_commit` exchanges after
    /// the generation has changed: for some microseconds the new rules look up what was there before.
    /// Older kernels mark each element, which takes effect with the rules.
    #[must_use]
    pub fn is_published_late(&self) -> bool {
        self.flags.has_intervals()
    }

    /// The size that it is made with (`NFTA_SET_DESC_SIZE`): none for interval sets.
    ///
    /// Without a size the kernel keeps short keys in a bitmap, which costs more to make than all
    /// the rest of an apply; with one it takes a hash table of that size.
    #[must_use]
    pub fn size(&self) -> Option<u32> {
        let is_plain = !self.flags.has_intervals();
        is_plain.then(|| u32::try_from(self.elements.len()).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbers_of_twenty_bytes() {
        let bytes: Vec<u8> = (1..=20).collect();
        let key = Key::from_bytes(bytes.clone());
        assert_eq!(key.bytes(20), bytes);
        assert_eq!(key.bytes(2), [19, 20]);
        assert!(key > Key::from(u128::MAX));
        assert_eq!(Key::from(u128::MAX).following().unwrap().preceding(), Key::from(u128::MAX));
        assert_eq!(Key::from(u128::MAX).following().unwrap().bytes(17)[0], 1);
        assert_eq!(Key::highest(20).following(), None);
        assert_eq!(Key::from(0).preceding(), Key::from(0));
        assert_eq!(Key::highest(2), Key::from(0xffff));
    }
}
