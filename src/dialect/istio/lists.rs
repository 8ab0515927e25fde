//! Istio's lists: items with commas between them, or a `*` for everything.
//!
//! Each function gives the text of the list as our flags take it (`all` for `*`, empty for the empty
//! list), or every flaw of it. What Istio takes and reads otherwise than it was meant is a flaw too.

use std::fmt::Display;
use std::str::FromStr;

use crate::dialect::Flaw;
use crate::words::{Cidr, Gid, IfName, Port, Uid};

/// Flaws of one list beyond this many are counted, not kept: a list may come from a pod, and its flaws
/// must not fill the memory of the node.
const MOST: usize = 100;

/// Ports, such as `80,443`.
///
/// # Errors
/// Every item that is not a decimal port, ranges among them, which Istio does not know; empty items
/// and blanks.
pub fn ports(text: &str) -> Result<String, Vec<Flaw>> {
    list(text, port)
}

/// Ports, or `*`.
///
/// # Errors
/// As [`ports`].
pub fn ports_or_all(text: &str) -> Result<String, Vec<Flaw>> {
    or_all(text, port)
}

/// Ranges of addresses, such as `10.0.0.0/8,2001:db8::/32`.
///
/// # Errors
/// Every item that is not a range with its prefix length; host bits, empty items and blanks.
pub fn ranges(text: &str) -> Result<String, Vec<Flaw>> {
    list(text, range)
}

/// Ranges of addresses, or `*`.
///
/// # Errors
/// As [`ranges`].
pub fn ranges_or_all(text: &str) -> Result<String, Vec<Flaw>> {
    or_all(text, range)
}

/// Names of interfaces, such as `net1,net2`.
///
/// # Errors
/// Every item that the kernel takes for no name; empty items and blanks.
pub fn interfaces(text: &str) -> Result<String, Vec<Flaw>> {
    list(text, word::<IfName>)
}

/// User ids, such as `1337`.
///
/// # Errors
/// Every item that is not a number, names of users among them; empty items and blanks.
pub fn uids(text: &str) -> Result<String, Vec<Flaw>> {
    list(text, word::<Uid>)
}

/// Group ids, such as `1337`.
///
/// # Errors
/// Every item that is not a number, names of groups among them; empty items and blanks.
pub fn gids(text: &str) -> Result<String, Vec<Flaw>> {
    list(text, word::<Gid>)
}

/// Group ids, or `*`.
///
/// # Errors
/// As [`gids`].
pub fn gids_or_all(text: &str) -> Result<String, Vec<Flaw>> {
    or_all(text, word::<Gid>)
}

/// One port.
///
/// # Errors
/// The reason where it is not a decimal port.
pub fn port(text: &str) -> Result<Port, String> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let range = text.split_once(['-', ':']);
    let is_range = |(first, last): (&str, &str)| {
        is_number(first) && is_number(last) && !(first.is_empty() && last.is_empty())
    };
    // What begins with a hyphen is a number with a sign.
    if range.is_some_and(is_range) && !text.starts_with('-') {
        return Err(String::from("is a range of ports, which Istio does not know; name each port"));
    }
    if !is_number(text) && !text.starts_with(['+', '-']) {
        return Err(String::from("must be a port, 1-65535, decimal"));
    }
    word(text)
}

fn range(text: &str) -> Result<Cidr, String> {
    let range: Cidr = word(text)?;
    if !text.contains('/') {
        let longest = range.prefix_len();
        return Err(format!("has no prefix length; write {range}/{longest} for the host"));
    }
    Ok(range)
}

fn word<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn or_all<T: Display>(
    text: &str,
    parse: fn(&str) -> Result<T, String>,
) -> Result<String, Vec<Flaw>> {
    if text == "*" { Ok(String::from("all")) } else { list(text, parse) }
}

fn list<T: Display>(text: &str, parse: fn(&str) -> Result<T, String>) -> Result<String, Vec<Flaw>> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let (mut items, mut flaws, mut more) = (Vec::new(), Vec::new(), 0_usize);
    for text in text.split(',') {
        match item(text, parse) {
            Ok(value) => items.push(value.to_string()),
            Err(_) if flaws.len() == MOST => more += 1,
            Err(reason) => flaws.push(Flaw::new(text, reason)),
        }
    }
    if more > 0 {
        flaws.push(Flaw::new("…", format!("{more} more items are wrong, not shown")));
    }
    if flaws.is_empty() { Ok(items.join(",")) } else { Err(flaws) }
}

fn item<T>(text: &str, parse: fn(&str) -> Result<T, String>) -> Result<T, String> {
    if text.is_empty() {
        return Err(String::from("is an empty item; take the comma away"));
    }
    if text.trim() != text {
        return Err(String::from("has blanks around it; take them away"));
    }
    if text == "*" {
        return Err(String::from("is not allowed here; where it is, it stands alone"));
    }
    parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(read: Result<String, Vec<Flaw>>) -> Vec<String> {
        let flaws = read.unwrap_err();
        flaws.into_iter().map(|flaw| format!("{:?} {}", flaw.text, flaw.reason)).collect()
    }

    #[test]
    fn lists_in_our_form() {
        assert_eq!(ports("80,443,080"), Ok("80,443,80".into()));
        assert_eq!(ports_or_all("*"), Ok("all".into()));
        assert_eq!(ports_or_all(""), Ok(String::new()));
        assert_eq!(ranges("10.0.0.0/8,::1/128"), Ok("10.0.0.0/8,::1".into()));
        assert_eq!(ranges_or_all("*"), Ok("all".into()));
        assert_eq!(interfaces("net1,net2"), Ok("net1,net2".into()));
        assert_eq!(uids("0,1337"), Ok("0,1337".into()));
        assert_eq!(gids_or_all("1,2"), Ok("1,2".into()));
    }

    #[test]
    fn every_flaw_of_ports() {
        assert_eq!(
            reasons(ports_or_all("80,,80-90,80:90,80-, 443,0,70000,0x50,http,*,-1,")),
            [
                "\"\" is an empty item; take the comma away",
                "\"80-90\" is a range of ports, which Istio does not know; name each port",
                "\"80:90\" is a range of ports, which Istio does not know; name each port",
                "\"80-\" is a range of ports, which Istio does not know; name each port",
                "\" 443\" has blanks around it; take them away",
                "\"0\" must be a port, 1-65535",
                "\"70000\" must be a port, 1-65535",
                "\"0x50\" must be a port, 1-65535, decimal",
                "\"http\" must be a port, 1-65535, decimal",
                "\"*\" is not allowed here; where it is, it stands alone",
                "\"-1\" must be a port, 1-65535, without a sign",
                "\"\" is an empty item; take the comma away",
            ]
        );
        assert_eq!(reasons(ports(" ")), ["\" \" has blanks around it; take them away"]);
        assert_eq!(reasons(ports("*")).len(), 1);
    }

    #[test]
    fn every_flaw_of_ranges() {
        assert_eq!(
            reasons(ranges("10.1.2.3/8,10.0.0.1,10.0.0.0/33,x,::ffff:10.0.0.0/104,*")),
            [
                "\"10.1.2.3/8\" 10.1.2.3/8 has host bits set; \
                 write 10.0.0.0/8 for the network or 10.1.2.3/32 for the host",
                "\"10.0.0.1\" has no prefix length; write 10.0.0.1/32 for the host",
                "\"10.0.0.0/33\" has a wrong prefix length; it must be 0-32",
                "\"x\" is not an address range; write it like 10.0.0.0/8 or 2001:db8::/32",
                "\"::ffff:10.0.0.0/104\" is an IPv4-mapped IPv6 address; write it as IPv4",
                "\"*\" is not allowed here; where it is, it stands alone",
            ]
        );
    }

    #[test]
    fn flaws_beyond_the_most_are_counted() {
        let said = reasons(ports(&",".repeat(MOST + 4)));
        assert_eq!(said.len(), MOST + 1);
        assert_eq!(said[MOST], "\"…\" 5 more items are wrong, not shown");
    }

    #[test]
    fn names_of_others_are_refused() {
        assert!(reasons(gids("docker"))[0].contains("must be a group id"));
        assert!(reasons(uids("root,"))[0].contains("must be a user id"));
        assert!(reasons(interfaces("eth*"))[0].contains("is not an interface name"));
    }
}
