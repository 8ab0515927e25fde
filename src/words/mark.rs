//! A packet mark.

use std::fmt;
use std::str::FromStr;

use super::{WordError, number};

/// Some bits of a packet mark (`SO_MARK`): which ones count, and what they are. At least one bit
/// is set, for unmarked packets have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    value: u32,
    mask: u32,
}

impl Mark {
    /// The mark of these bits; `None` where no bit is set, or one that the mask leaves out.
    pub const fn new(value: u32, mask: u32) -> Option<Mark> {
        if value == 0 || value & !mask != 0 { None } else { Some(Mark { value, mask }) }
    }

    /// The bits, in host byte order.
    pub const fn value(self) -> u32 {
        self.value
    }

    /// Which bits count, in host byte order.
    pub const fn mask(self) -> u32 {
        self.mask
    }

    /// Whether a packet of this mark has these bits.
    pub const fn is_of(self, packet: u32) -> bool {
        packet & self.mask == self.value
    }
}

impl FromStr for Mark {
    type Err = WordError;

    /// Reads `VALUE/MASK`, or `VALUE` for all 32 bits; decimal or `0x` hexadecimal.
    fn from_str(text: &str) -> Result<Mark, WordError> {
        let (value, mask) = match text.split_once('/') {
            Some((value, mask)) => (value, Some(mask)),
            None => (text, None),
        };
        let value = number(value).map_err(WordError::Mark)?;
        let mask = mask.map_or(Ok(u32::MAX), number).map_err(WordError::Mark)?;
        match value {
            0 => Err(WordError::NoMark),
            value => Mark::new(value, mask).ok_or(WordError::MarkOutsideMask { value, mask }),
        }
    }
}

impl fmt::Display for Mark {
    /// Always with its mask.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}/{:#x}", self.value, self.mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_that_count() {
        let mark: Mark = "0x1/0x3".parse().unwrap();
        assert_eq!(mark.to_string(), "0x1/0x3");
        assert!(mark.is_of(1) && mark.is_of(0xf1) && !mark.is_of(3) && !mark.is_of(0));
        assert_eq!("1337".parse::<Mark>().unwrap().to_string(), "0x539/0xffffffff");
    }

    #[test]
    fn bits_that_no_packet_has_or_every_packet_has() {
        for text in ["0", "0/0", "0x0/0xff", "2/1", "", "/1", "1/", "x", "1/2/3", "-1"] {
            assert!(text.parse::<Mark>().is_err(), "{text}");
        }
    }
}
