//! One service: an address and a port.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::{Port, WordError};

/// A TCP destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    address: IpAddr,
    port: Port,
}

impl Service {
    /// The service at this address; `None` for an IPv4-mapped IPv6 address, which no packet on the
    /// wire carries.
    pub fn new(address: IpAddr, port: Port) -> Option<Service> {
        let is_mapped = matches!(address, IpAddr::V6(six) if six.to_ipv4_mapped().is_some());
        (!is_mapped).then_some(Service { address, port })
    }

    /// Its address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// Its port.
    pub fn port(self) -> Port {
        self.port
    }
}

/// Reads one address of either family, without a prefix length.
///
/// # Errors
/// What it is instead.
pub(crate) fn address(text: &str) -> Result<IpAddr, WordError> {
    match text.parse() {
        Ok(IpAddr::V6(six)) if six.to_ipv4_mapped().is_some() => Err(WordError::MappedIpv4),
        Ok(address) => Ok(address),
        Err(_) if text.contains('%') => Err(WordError::ZoneId),
        Err(_) => Err(WordError::NotAnAddress),
    }
}

impl FromStr for Service {
    type Err = WordError;

    /// Reads `10.96.0.10:443` or `[2001:db8::1]:443`.
    fn from_str(text: &str) -> Result<Service, WordError> {
        let (host, port) = text.rsplit_once(':').ok_or(WordError::NotAService)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Ok(Service { address: address(host)?, port: port.parse()? })
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port.get()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families() {
        for text in ["10.96.0.10:443", "[2001:db8::1]:80"] {
            assert_eq!(text.parse::<Service>().unwrap().to_string(), text);
        }
        let wrong = ["", "10.0.0.1", "10.0.0.1:0", "10.0.0.0/8:80", "[::ffff:1.2.3.4]:80", "a:80"];
        for text in wrong {
            assert!(text.parse::<Service>().is_err(), "{text}");
        }
    }
}
