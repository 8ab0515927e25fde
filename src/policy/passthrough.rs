//! Which addresses the proxy may dial the app from.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Reads the IPv4 passthrough source.
///
/// # Errors
/// The reason in words.
pub(super) fn ipv4(text: &str) -> Result<Ipv4Addr, String> {
    match text.parse::<Ipv4Addr>() {
        Ok(Ipv4Addr::LOCALHOST) => Err(String::from(
            "must be an address that only the proxy dials from, not 127.0.0.1, which every program \
             dials from",
        )),
        Ok(address) if address.is_loopback() => Ok(address),
        Ok(_) | Err(_) => Err(String::from("must be an IPv4 address inside 127.0.0.0/8")),
    }
}

/// Reads the IPv6 passthrough source.
///
/// # Errors
/// The reason in words.
pub(super) fn ipv6(text: &str) -> Result<Ipv6Addr, String> {
    let Ok(address) = text.parse::<Ipv6Addr>() else {
        return Err(String::from("must be an IPv6 address, such as ::6"));
    };
    match unfit(address) {
        Some(kind) => Err(format!("must be an address that only the proxy dials from, not {kind}")),
        None => Ok(address),
    }
}

fn unfit(address: Ipv6Addr) -> Option<&'static str> {
    let kinds = [
        (address.is_unspecified(), "the unspecified address"),
        (address.is_loopback(), "the loopback address, which every program dials from"),
        (address.is_multicast(), "a multicast address"),
        (address.to_ipv4_mapped().is_some(), "an IPv4-mapped address"),
        (address.is_unicast_link_local(), "a link-local address"),
    ];
    kinds.into_iter().find_map(|(is, kind)| is.then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_tell_the_proxy_apart() {
        assert!(ipv4("127.0.0.6").is_ok());
        assert!(ipv6("::6").is_ok() && ipv6("fd00::6").is_ok());
        for text in ["127.0.0.1", "10.0.0.1", "::6", "127.0.0", ""] {
            assert!(ipv4(text).is_err(), "{text}");
        }
        for text in ["::", "::1", "ff02::1", "::ffff:127.0.0.6", "fe80::6", "127.0.0.6", ""] {
            assert!(ipv6(text).is_err(), "{text}");
        }
    }
}
