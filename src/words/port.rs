//! A transport port.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use super::{NumberFault, WordError, number};

/// A port of TCP or UDP, 1-65535, in host byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(NonZeroU16);

impl Port {
    /// The port with this number; `None` for 0, which no connection can have.
    pub const fn new(number: u16) -> Option<Port> {
        match NonZeroU16::new(number) {
            Some(number) => Some(Port(number)),
            None => None,
        }
    }

    /// The number, in host byte order.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl FromStr for Port {
    type Err = WordError;

    /// Reads decimal or `0x` hexadecimal.
    fn from_str(text: &str) -> Result<Port, WordError> {
        let wide = number(text).map_err(WordError::Port)?;
        u16::try_from(wide).ok().and_then(Port::new).ok_or(WordError::Port(NumberFault::Range))
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_the_range() {
        assert_eq!("1".parse::<Port>().unwrap().get(), 1);
        assert_eq!("0xffff".parse::<Port>().unwrap().to_string(), "65535");
    }

    #[test]
    fn refusals_say_why() {
        for text in ["0", "70000", "4294967376", "", "abc", "+80", "-1"] {
            let error = text.parse::<Port>().unwrap_err().to_string();
            assert!(error.starts_with("must be a port, 1-65535"), "{text}: {error}");
        }
        let sign = "+80".parse::<Port>().unwrap_err().to_string();
        assert_eq!(sign, "must be a port, 1-65535, without a sign");
    }
}
