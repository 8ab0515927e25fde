//! A range of transport ports.

use std::fmt;
use std::str::FromStr;

use super::{NumberFault, Port, WordError};

/// Ports from `first` to `last`, both included; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    first: Port,
    last: Port,
}

impl PortRange {
    /// The range from `first` to `last`; `None` where `last` comes before `first`.
    pub fn new(first: Port, last: Port) -> Option<PortRange> {
        (first <= last).then_some(PortRange { first, last })
    }

    /// The lowest port.
    pub const fn first(self) -> Port {
        self.first
    }

    /// The highest port.
    pub const fn last(self) -> Port {
        self.last
    }

    /// Whether `port` lies inside.
    pub fn contains(self, port: Port) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl From<Port> for PortRange {
    fn from(port: Port) -> PortRange {
        PortRange { first: port, last: port }
    }
}

impl FromStr for PortRange {
    type Err = WordError;

    /// Reads one port (`80`) or two with a hyphen between them (`8000-8999`).
    fn from_str(text: &str) -> Result<PortRange, WordError> {
        if text.starts_with('-') {
            return Err(WordError::Port(NumberFault::Sign));
        }
        let Some((first, last)) = text.split_once('-') else {
            return Ok(PortRange::from(text.parse::<Port>()?));
        };
        let (first, last): (Port, Port) = (first.parse()?, last.parse()?);
        PortRange::new(first, last)
            .ok_or(WordError::ReversedPorts { first: first.get(), last: last.get() })
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return self.first.fmt(f);
        }
        write!(f, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for (text, same) in [("80", "80"), ("80-80", "80"), ("0x50-8999", "80-8999")] {
            assert_eq!(text.parse::<PortRange>().unwrap().to_string(), same);
        }
    }

    #[test]
    fn refusals_say_why() {
        let reason = |text: &str| text.parse::<PortRange>().unwrap_err().to_string();
        assert_eq!(reason("90-80"), "is reversed; write 80-90");
        assert_eq!(reason("-80"), "must be a port, 1-65535, without a sign");
        assert_eq!(reason("80-"), "must be a port, 1-65535, not empty");
        assert_eq!(reason("0-80"), "must be a port, 1-65535");
        assert_eq!(reason("80-90-100"), "must be a port, 1-65535, decimal or 0x");
    }
}
