//! Why a text is not the word it should be.

use std::net::IpAddr;

use thiserror::Error;

/// Why a text was refused; the text itself is left to the caller, who knows where it stood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WordError {
    /// Not a port.
    #[error("must be a port, 1-65535{0}")]
    Port(NumberFault),
    /// A range of ports whose end comes before its start.
    #[error("is reversed; write {last}-{first}")]
    ReversedPorts {
        /// The port that was written first.
        first: u16,
        /// The port that was written last.
        last: u16,
    },
    /// Not a user id.
    #[error("must be a user id, 0-4294967294{0}")]
    Uid(NumberFault),
    /// Not a group id.
    #[error("must be a group id, 0-4294967294{0}")]
    Gid(NumberFault),
    /// Neither an address nor a prefix.
    #[error("is not an address range; write it like 10.0.0.0/8 or 2001:db8::/32")]
    NotAnAddressRange,
    /// A prefix that is no number or longer than the address.
    #[error("has a wrong prefix length; it must be 0-{longest}")]
    PrefixLength {
        /// The longest prefix of the family, in bits.
        longest: u8,
    },
    /// Bits are set that do not belong to the network.
    #[error(
        "{address}/{prefix_len} has host bits set; \
         write {network}/{prefix_len} for the network or {address}/{longest} for the host"
    )]
    HostBits {
        /// The address as it was written.
        address: IpAddr,
        /// The prefix length as it was written, in bits.
        prefix_len: u8,
        /// The address with its host bits cleared.
        network: IpAddr,
        /// The prefix length of a single host, in bits.
        longest: u8,
    },
    /// An IPv6 address that stands for an IPv4 one: no packet on the wire carries it.
    #[error("is an IPv4-mapped IPv6 address; write it as IPv4")]
    MappedIpv4,
    /// An address with a zone, such as `fe80::1%eth0`.
    #[error("has a zone id; a range of addresses has none, so leave out what follows the %")]
    ZoneId,
    /// Not one address.
    #[error("must be an address, such as 10.96.0.10 or 2001:db8::1")]
    NotAnAddress,
    /// Not an address with a port.
    #[error("must be an address and a port, such as 10.96.0.10:443 or [2001:db8::1]:443")]
    NotAService,
    /// Not a packet mark.
    #[error("must be a packet mark, VALUE or VALUE/MASK, such as 0x1/0x1{0}")]
    Mark(NumberFault),
    /// A mark without any bit.
    #[error("must have a bit set: 0 is the mark of every packet that nobody marked")]
    NoMark,
    /// A mark that no packet can have.
    #[error("never matches: {value:#x} has bits set that the mask {mask:#x} leaves out")]
    MarkOutsideMask {
        /// The bits that were written.
        value: u32,
        /// The mask that was written.
        mask: u32,
    },
    /// Not the name of a network interface.
    #[error("is not an interface name; {0}")]
    IfName(&'static str),
    /// Not the path of a cgroup.
    #[error("is not the path of a cgroup; {0}")]
    CgroupPath(&'static str),
    /// Not an id of a container or a network's name.
    #[error("must begin with a letter or a digit, and hold letters, digits, _ . and - only")]
    CniId,
    /// Not a net_cls class id.
    #[error("must be a class id, 1-4294967295 or like 10:1{0}")]
    Classid(NumberFault),
    /// Not the text of a `uid_map` or `gid_map`.
    #[error("is not a map of ids; each line has three numbers: inside, outside, count")]
    IdMap,
}

/// What is wrong with the text of a number, as a tail to the sentence that says what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumberFault {
    /// No text at all.
    #[error(", not empty")]
    Empty,
    /// A plus or minus in front.
    #[error(", without a sign")]
    Sign,
    /// Something else than digits.
    #[error(", decimal or 0x")]
    Digits,
    /// Outside of the range that the sentence names.
    #[error("")]
    Range,
    /// The highest 32-bit number, which the kernel uses for "no id".
    #[error("; 4294967295 is the kernel's \"no id\"")]
    NoId,
}
