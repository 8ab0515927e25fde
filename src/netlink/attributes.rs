//! Walking through the attributes of a message that was received.

use netlink_packet_core::{DecodeError, NlaBuffer, NlasIterator};

/// One attribute of a message.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a>(NlaBuffer<&'a [u8]>);

impl<'a> Attribute<'a> {
    /// The attribute's number, without flags.
    #[must_use]
    pub fn kind(&self) -> u16 {
        self.0.kind()
    }

    /// The attribute's bytes, without padding.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        let whole = self.0.into_inner();
        whole.get(4..usize::from(self.0.length())).unwrap_or_default()
    }

    /// The attributes inside this one.
    #[must_use]
    pub fn nested(&self) -> Attributes<'a> {
        Attributes::new(self.bytes())
    }

    /// A 4-byte number in network byte order, as nf_tables writes all its numbers.
    ///
    /// # Errors
    /// The attribute is not 4 bytes long.
    pub fn u32_be(&self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// An 8-byte number in network byte order.
    ///
    /// # Errors
    /// The attribute is not 8 bytes long.
    pub fn u64_be(&self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    fn array<const N: usize>(&self) -> Result<[u8; N], DecodeError> {
        self.bytes().try_into().map_err(|_| DecodeError::invalid_number(N, self.bytes().len()))
    }

    /// A string up to its first NUL; what is not UTF-8 is replaced, for it is only shown.
    #[must_use]
    pub fn string(&self) -> String {
        let bytes = self.bytes();
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
    }
}

/// The attributes of a message, one after the other; ends at the first that is malformed, with
/// an error.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a>(NlasIterator<&'a [u8]>);

impl<'a> Attributes<'a> {
    /// Walks through `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(NlasIterator::new(bytes))
    }

    /// The first attribute of that number; `None` too if a malformed one stands before it.
    #[must_use]
    pub fn find(self, kind: u16) -> Option<Attribute<'a>> {
        self.map_while(Result::ok).find(|attribute| attribute.kind() == kind)
    }

    /// The first attribute of that number.
    ///
    /// # Errors
    /// There is none; `name` says what was looked for.
    pub fn expect(self, kind: u16, name: &str) -> Result<Attribute<'a>, DecodeError> {
        self.find(kind).ok_or_else(|| DecodeError::from(format!("{name} is missing")))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.map(Attribute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_and_stops_at_what_is_malformed() {
        // Attribute 1 holds a big-endian 7; attribute 2 claims more bytes than there are.
        let bytes = [8, 0, 1, 0, 0, 0, 0, 7, 99, 0, 2, 0];
        let mut walk = Attributes::new(&bytes);
        assert_eq!(walk.next().unwrap().unwrap().u32_be().unwrap(), 7);
        assert!(walk.next().unwrap().is_err());
        assert!(walk.next().is_none());
        assert!(Attributes::new(&bytes).find(2).is_none());
        assert!(Attributes::new(&bytes).expect(1, "x").unwrap().u64_be().is_err());
    }

    #[test]
    fn strings_end_at_nul() {
        let bytes = [7, 0, 1, 0, b'l', b'o', 0, 0];
        assert_eq!(Attributes::new(&bytes).find(1).unwrap().string(), "lo");
    }
}
