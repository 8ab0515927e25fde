//! A net_cls class id.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use super::{NumberFault, WordError, number};

/// The class id of a net_cls group (cgroup v1), in host byte order. Never 0, which says that a
/// socket is in no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Classid(NonZeroU32);

impl Classid {
    /// The class with this number; `None` for 0.
    pub const fn new(number: u32) -> Option<Classid> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Classid(number)),
            None => None,
        }
    }

    /// The number, in host byte order.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl FromStr for Classid {
    type Err = WordError;

    /// Reads decimal, `0x` hexadecimal, or tc's `MAJOR:MINOR`, both hexadecimal: `10:1` is
    /// 0x00100001.
    fn from_str(text: &str) -> Result<Classid, WordError> {
        let number = match text.split_once(':') {
            Some((major, minor)) => half(major).and_then(|high| Ok(high << 16 | half(minor)?)),
            None => number(text),
        };
        let number = number.map_err(WordError::Classid)?;
        Classid::new(number).ok_or(WordError::Classid(NumberFault::Range))
    }
}

impl fmt::Display for Classid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

/// One side of `MAJOR:MINOR`: hexadecimal without `0x`, as tc reads it.
fn half(text: &str) -> Result<u32, NumberFault> {
    match number(&format!("0x{text}"))? {
        half @ 0..=0xffff => Ok(half),
        _ => Err(NumberFault::Range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_write_one_class() {
        for text in ["1048577", "0x100001", "0x00100001", "10:1", "0010:0001"] {
            let class: Classid = text.parse().unwrap();
            assert_eq!((class.get(), class.to_string().as_str()), (0x0010_0001, "0x00100001"));
        }
        assert_eq!("ffff:ffff".parse::<Classid>().ok(), Classid::new(u32::MAX));
        assert_eq!("0:1".parse::<Classid>().unwrap().get(), 1);
        assert_eq!("10:0".parse::<Classid>().unwrap().get(), 0x0010_0000);
        assert_eq!(Classid::new(0), None);
    }

    #[test]
    fn refusals_say_why() {
        for text in [
            "",
            "0",
            "0:0",
            "0x0",
            ":",
            ":1",
            "10:",
            "10:1:1",
            "0x10:1",
            "10000:1",
            "1:10000",
            "-1",
            "+1",
            "mesh",
            "4294967296",
        ] {
            let error = text.parse::<Classid>().unwrap_err().to_string();
            assert!(error.starts_with("must be a class id, 1-4294967295 or like 10:1"), "{error}");
        }
        let sign = "-1".parse::<Classid>().unwrap_err().to_string();
        assert_eq!(sign, "must be a class id, 1-4294967295 or like 10:1, without a sign");
    }
}
