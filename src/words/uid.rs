//! A user id.

use std::fmt;
use std::str::FromStr;

use super::WordError;
use super::number::id;

/// A user id as the namespace that is written about counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(u32);

impl Uid {
    /// The id with this number; `None` for 4294967295, the kernel's "no id".
    pub const fn new(number: u32) -> Option<Uid> {
        if number == u32::MAX { None } else { Some(Uid(number)) }
    }

    /// The number, in host byte order.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for Uid {
    type Err = WordError;

    /// Reads decimal or `0x` hexadecimal; names of user accounts are not looked up.
    fn from_str(text: &str) -> Result<Uid, WordError> {
        id(text).map(Uid).map_err(WordError::Uid)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_but_no_id() {
        assert_eq!("0".parse::<Uid>().unwrap().get(), 0);
        assert_eq!("0x539".parse::<Uid>().unwrap().to_string(), "1337");
        assert_eq!("4294967294".parse::<Uid>().ok(), Uid::new(4_294_967_294));
        let error = "4294967295".parse::<Uid>().unwrap_err().to_string();
        assert_eq!(error, "must be a user id, 0-4294967294; 4294967295 is the kernel's \"no id\"");
        assert_eq!(Uid::new(u32::MAX), None);
    }
}
