//! Values of packet flags, and what is wrong with them: all of it at once.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::policy::Fault;
use crate::words::{Port, Service, WordError, address, number};

/// The faults met so far.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// Adds a fault of `flag`, which was given `value`.
    pub(super) fn add(&mut self, flag: &str, value: &str, reason: impl Display) {
        let value = value.escape_debug().to_string();
        let reason = reason.to_string();
        self.0.push(Fault { field: flag.to_owned(), value, line: None, reason });
    }

    /// The value of a flag; `None` where it was not given, or is wrong, which is noted.
    pub(super) fn parsed<T: FromStr<Err = WordError>>(
        &mut self,
        flag: &str,
        text: Option<&str>,
    ) -> Option<T> {
        self.taken(flag, text, |text| text.parse().map_err(|error: WordError| error.to_string()))
    }

    /// The same, by another reading.
    pub(super) fn taken<T>(
        &mut self,
        flag: &str,
        text: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = text?;
        read(text).map_err(|reason| self.add(flag, text, reason)).ok()
    }

    /// Notes that a flag was given that says nothing here.
    pub(super) fn refuse(&mut self, flag: &str, text: Option<&str>, reason: &str) {
        if let Some(text) = text {
            self.add(flag, text, reason);
        }
    }
}

/// An address, and a port if one is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) address: IpAddr,
    pub(super) port: Option<Port>,
}

/// Reads `10.0.0.1`, `10.0.0.1:443`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:443`.
pub(super) fn endpoint(text: &str) -> Result<Endpoint, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let has_port = text.contains("]:") || text.matches(':').count() == 1;
    let read = if has_port {
        let service = text.parse::<Service>();
        service.map(|service| (service.address(), Some(service.port())))
    } else {
        address(bare).map(|address| (address, None))
    };
    read.map(|(address, port)| Endpoint { address, port }).map_err(|error| error.to_string())
}

/// Reads a mark as decimal or hexadecimal number.
pub(super) fn mark(text: &str) -> Result<u32, String> {
    number(text).map_err(|fault| format!("must be a packet mark, 0-4294967295{fault}"))
}

/// Reads a number of at most 8 bits, such as an ICMP type.
pub(super) fn byte(what: &str, text: &str) -> Result<u8, String> {
    let read = number(text).map_err(|fault| fault.to_string());
    read.and_then(|number| u8::try_from(number).map_err(|_| String::new()))
        .map_err(|tail| format!("must be {what}, 0-255{tail}"))
}

/// Whether packets to this address never leave the host.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

/// The loopback address of the same family.
pub(super) fn loopback_like(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_both_families_with_and_without_a_port() {
        for (text, port) in [
            ("10.0.0.1", None),
            ("10.0.0.1:443", Some(443)),
            ("2001:db8::1", None),
            ("[2001:db8::1]", None),
            ("[2001:db8::1]:443", Some(443)),
        ] {
            let endpoint = endpoint(text).unwrap();
            assert_eq!(endpoint.port.map(Port::get), port, "{text}");
        }
        for text in ["", ":443", "10.0.0.1:0", "10.0.0.1:70000", "10.0.0/8", "fe80::1%eth0", "a"] {
            assert!(endpoint(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_say_their_range() {
        assert_eq!(byte("an ICMP type", "0x80"), Ok(128));
        let refused = byte("an ICMP type", "256").unwrap_err();
        assert_eq!(refused, "must be an ICMP type, 0-255");
        assert_eq!(mark("0x539"), Ok(1337));
        assert!(mark("1/1").is_err());
    }
}
