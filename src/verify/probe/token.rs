//! A random word that nobody else can know, and what is said with it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::SocketAddr;

/// A random word: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token(String);

/// A question for the addresses of a name, with recursion; its number is 0.
const HEADER: [u8; 12] = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
/// `invalid`, which nobody may have (RFC 6761), type A, class IN.
const TAIL: &[u8] = b"\x07invalid\0\0\x01\0\x01";

impl Token {
    /// A new one, by the keys that the standard library draws for hashing.
    pub(super) fn new() -> Self {
        let half = |part: u8| RandomState::new().hash_one(part);
        Self(format!("{:016x}{:016x}", half(0), half(1)))
    }

    /// What a listener says to whoever connects.
    pub(super) fn line(&self, port: u16, original: SocketAddr) -> String {
        format!("{} {port} {original}\n", self.0)
    }

    /// The port and the original destination of a line with this token.
    pub(super) fn read(&self, line: &str) -> Option<(u16, SocketAddr)> {
        let mut words = line.strip_suffix('\n')?.split(' ');
        let (token, port, original) = (words.next()?, words.next()?, words.next()?);
        let is_whole = words.next().is_none() && token == self.0;
        Some((port.parse().ok()?, original.parse().ok()?)).filter(|_| is_whole)
    }

    /// A query for the name `TOKEN.invalid`.
    pub(super) fn query(&self) -> Vec<u8> {
        let length = u8::try_from(self.0.len()).unwrap_or_default();
        [&HEADER[..], &[length], self.0.as_bytes(), TAIL].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_by_its_own_token_alone() {
        let (token, other) = (Token::new(), Token::new());
        let end: SocketAddr = "[2001:db8::1]:80".parse().unwrap();
        let line = token.line(15001, end);
        assert_eq!(token.read(&line), Some((15001, end)));
        assert_eq!(other.read(&line), None);
        for cut in 0..line.len() {
            assert_eq!(token.read(&line[..cut]), None);
        }
        assert_eq!(token.read("220 mail ready\n"), None);
    }

    #[test]
    fn a_query_is_one_question() {
        let query = Token::new().query();
        assert_eq!(query.len(), 12 + 33 + 9 + 4);
        assert_eq!(query[12], 32);
    }
}
