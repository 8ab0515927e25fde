//! The part of 127.0.0.0/8 that counts as the namespace itself.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use crate::words::{AddrRange, Cidr};

/// A prefix inside 127.0.0.0/8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoopbackRange(Ipv4Net);

impl LoopbackRange {
    /// The range of this prefix; `None` where it is not inside 127.0.0.0/8.
    pub fn new(cidr: Cidr) -> Option<LoopbackRange> {
        match cidr.net() {
            IpNet::V4(net) if net.network().is_loopback() && net.prefix_len() >= 8 => {
                Some(LoopbackRange(net))
            }
            IpNet::V4(_) | IpNet::V6(_) => None,
        }
    }

    /// Its lowest and highest address.
    pub fn range(self) -> AddrRange<Ipv4Addr> {
        AddrRange::from(self.0)
    }

    /// Its prefix length, 8-32 bits.
    pub fn prefix_len(self) -> u8 {
        self.0.prefix_len()
    }
}

impl Default for LoopbackRange {
    /// 127.0.0.1 alone.
    fn default() -> LoopbackRange {
        LoopbackRange(Ipv4Net::from(Ipv4Addr::LOCALHOST))
    }
}

impl FromStr for LoopbackRange {
    type Err = String;

    /// Reads a prefix or an address; the error is the reason in words.
    fn from_str(text: &str) -> Result<LoopbackRange, String> {
        let cidr: Cidr = text.parse().map_err(|error| format!("{error}"))?;
        LoopbackRange::new(cidr).ok_or_else(|| String::from("must be inside 127.0.0.0/8"))
    }
}

impl fmt::Display for LoopbackRange {
    /// Always with its prefix length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_of_127_only() {
        for text in ["127.0.0.1/32", "127.0.0.0/8", "127.1.0.0/16"] {
            assert_eq!(text.parse::<LoopbackRange>().unwrap().to_string(), text);
        }
        for text in ["126.0.0.0/7", "0.0.0.0/0", "10.0.0.1", "::1", "127.0.0.1/8", ""] {
            assert!(text.parse::<LoopbackRange>().is_err(), "{text}");
        }
    }
}
