//! The routing that TPROXY needs: what carries a mark is delivered to this very namespace.

use std::fmt;

use super::IpFamily;

/// A rule `fwmark MARK lookup TABLE` and the route `local default dev lo table TABLE`, both of one
/// family: packets with the mark are taken in, whatever their destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkRoute {
    /// The family of rule and route.
    pub family: IpFamily,
    /// The whole mark (mask 0xffffffff), in host byte order.
    pub mark: u32,
    /// The number of the routing table; it must hold nothing else.
    pub table: u32,
}

impl fmt::Display for MarkRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { family, mark, table } = self;
        write!(f, "{family} rule fwmark {mark:#x} lookup {table} with its local default route")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_as_ip_rule_would_say_it() {
        let shown = MarkRoute { family: IpFamily::V4, mark: 1337, table: 133 }.to_string();
        assert_eq!(shown, "IPv4 rule fwmark 0x539 lookup 133 with its local default route");
    }
}
