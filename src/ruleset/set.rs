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
    const KNOWN: [(Self, u32, u32, &'static str); 6] = [
        (Self::Ipv4Addr, 7, 4, "ipv4_addr"),
        (Self::Ipv6Addr, 8, 16, "ipv6_addr"),
        (Self::InetService, 13, 2, "inet_service"),
        (Self::Uid, 24, 4, "uid"),
        (Self::Gid, 25, 4, "gid"),
        (Self::IfName, 41, 16, "ifname"),
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

/// The values from `first` to `last`, both included, as numbers of the key's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// The lowest.
    pub first: u128,
    /// The highest.
    pub last: u128,
}

impl Interval {
    /// Exactly one value.
    #[must_use]
    pub fn single(value: u128) -> Self {
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
