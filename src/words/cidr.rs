//! A prefix of addresses, of either family.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::WordError;

/// A network: an address without host bits and a prefix length. A single host is its full length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(IpNet);

impl Cidr {
    /// The network that begins at `address` and has `prefix_len` bits in common.
    ///
    /// # Errors
    /// A prefix longer than the address, host bits, or an IPv4-mapped IPv6 address.
    pub fn new(address: IpAddr, prefix_len: u8) -> Result<Cidr, WordError> {
        let longest = longest(address);
        if let IpAddr::V6(v6) = address
            && v6.to_ipv4_mapped().is_some()
        {
            return Err(WordError::MappedIpv4);
        }
        let net =
            IpNet::new(address, prefix_len).map_err(|_| WordError::PrefixLength { longest })?;
        if net.network() != address {
            let network = net.network();
            return Err(WordError::HostBits { address, prefix_len, network, longest });
        }
        Ok(Cidr(net))
    }

    /// The same as the type of the `ipnet` crate.
    pub const fn net(self) -> IpNet {
        self.0
    }

    /// The lowest address.
    pub fn first(self) -> IpAddr {
        self.0.network()
    }

    /// The highest address.
    pub fn last(self) -> IpAddr {
        self.0.broadcast()
    }

    /// The prefix length, in bits.
    pub fn prefix_len(self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether `address` lies inside; never so for the other family.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl From<IpAddr> for Cidr {
    /// The range of this one host.
    fn from(address: IpAddr) -> Cidr {
        Cidr(IpNet::from(address))
    }
}

impl FromStr for Cidr {
    type Err = WordError;

    /// Reads a prefix (`10.0.0.0/8`, `2001:db8::/32`) or an address, which is the range of one host.
    fn from_str(text: &str) -> Result<Cidr, WordError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = match address.parse() {
            Ok(address) => address,
            Err(_) if has_zone(address) => return Err(WordError::ZoneId),
            Err(_) => return Err(WordError::NotAnAddressRange),
        };
        let longest = longest(address);
        let prefix_len = match bits {
            Some(bits) => prefix_len(bits).ok_or(WordError::PrefixLength { longest })?,
            None => longest,
        };
        Cidr::new(address, prefix_len)
    }
}

impl fmt::Display for Cidr {
    /// A single host is its bare address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            return self.0.addr().fmt(f);
        }
        self.0.fmt(f)
    }
}

fn longest(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn has_zone(text: &str) -> bool {
    text.split_once('%').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok())
}

fn prefix_len(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for text in ["10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "2001:db8::/32", "::/0", "::1"] {
            assert_eq!(text.parse::<Cidr>().unwrap().to_string(), text);
        }
        assert_eq!("10.0.0.1/32".parse::<Cidr>(), "10.0.0.1".parse());
        let net: Cidr = "10.0.0.0/8".parse().unwrap();
        assert_eq!(net.last(), "10.255.255.255".parse::<IpAddr>().unwrap());
        assert!(!net.contains("::1".parse().unwrap()));
    }

    #[test]
    fn refusals_say_why() {
        let reason = |text: &str| text.parse::<Cidr>().unwrap_err().to_string();
        assert_eq!(
            reason("10.1.2.3/8"),
            "10.1.2.3/8 has host bits set; \
             write 10.0.0.0/8 for the network or 10.1.2.3/32 for the host"
        );
        assert_eq!(
            reason("2001:db8::1/32"),
            "2001:db8::1/32 has host bits set; \
             write 2001:db8::/32 for the network or 2001:db8::1/128 for the host"
        );
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/999", "10.0.0.0/8/8"] {
            assert_eq!(reason(text), "has a wrong prefix length; it must be 0-32", "{text}");
        }
        assert_eq!(reason("::/129"), "has a wrong prefix length; it must be 0-128");
        assert!(reason("::ffff:10.0.0.0/104").contains("IPv4-mapped"));
        assert!(reason("fe80::1%eth0").contains("zone id"));
        for text in ["*", "", "10.0.0", "010.0.0.0/8", "example.org", "%", "[::1]"] {
            assert!(reason(text).starts_with("is not an address range"), "{text}");
        }
    }
}
