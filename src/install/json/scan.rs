//! The scanner: it takes what Go's encoding/json takes, which is what runtimes read with.

use super::{Member, Node, Value};

/// How deep values may stand inside each other. Go reads 10000 levels, but no stack of ours does.
const DEEPEST: usize = 256;
/// What is said of a text that is nested deeper.
const TOO_DEEP: &str = "nested deeper than 256";

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at line {line}, column {column}")]
pub(in crate::install) struct ScanError {
    /// What is wrong.
    pub(in crate::install) reason: &'static str,
    /// The line, from 1.
    pub(in crate::install) line: usize,
    /// The byte in it, from 1.
    pub(in crate::install) column: usize,
}

impl ScanError {
    /// Whether the text may be JSON all the same.
    pub(in crate::install) fn is_too_deep(&self) -> bool {
        self.reason == TOO_DEEP
    }
}

/// Reads one JSON value and nothing behind it.
///
/// # Errors
/// The text is no JSON, or is nested deeper than 256.
pub(in crate::install) fn scan(text: &[u8]) -> Result<Node, ScanError> {
    let mut scanner = Scanner { text, at: 0, depth: 0 };
    let result = scanner.document();
    result.map_err(|reason| {
        let before = &text[..scanner.at.min(text.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        ScanError { reason, line, column: before.len() - line_start + 1 }
    })
}

type Scanned<T> = Result<T, &'static str>;

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
}

impl Scanner<'_> {
    fn document(&mut self) -> Scanned<Node> {
        if self.text.starts_with(b"\xef\xbb\xbf") {
            return Err("a byte order mark, which no runtime takes,");
        }
        let node = self.node()?;
        self.space();
        if self.at < self.text.len() { Err("something behind the value") } else { Ok(node) }
    }

    fn node(&mut self) -> Scanned<Node> {
        self.space();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.inside(Self::object)?,
            Some(b'[') => self.inside(Self::array)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            Some(_) => return Err("no JSON value"),
            None => return Err("the end, too early,"),
        };
        Ok(Node { span: start..self.at, value })
    }

    fn inside(&mut self, read: fn(&mut Self) -> Scanned<Value>) -> Scanned<Value> {
        if self.depth == DEEPEST {
            return Err(TOO_DEEP);
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Scanned<Value> {
        let mut members = Vec::new();
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err("a key is missing");
            }
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err("a colon is missing");
            }
            members.push(Member { key, node: self.node()? });
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return Err("a comma or a closing brace is missing");
            }
        }
    }

    fn array(&mut self) -> Scanned<Value> {
        let mut nodes = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Value::Array(nodes));
        }
        loop {
            nodes.push(self.node()?);
            self.space();
            if self.take(b']') {
                return Ok(Value::Array(nodes));
            }
            if !self.take(b',') {
                return Err("a comma or a closing bracket is missing");
            }
        }
    }

    fn string(&mut self) -> Scanned<String> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let byte = self.peek().ok_or("the end, inside a string,")?;
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(String::from_utf8_lossy(&bytes).into_owned());
                }
                b'\\' => self.escape(&mut bytes)?,
                0..0x20 => return Err("a control character in a string"),
                _ => {
                    bytes.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Scanned<()> {
        self.at += 1;
        let byte = self.peek().ok_or("the end, inside a string,")?;
        self.at += 1;
        bytes.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode(bytes),
            _ => return Err("an unknown escape in a string"),
        });
        Ok(())
    }

    fn unicode(&mut self, bytes: &mut Vec<u8>) -> Scanned<()> {
        let first = self.hex4()?;
        let mut code = first;
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            } else {
                self.at = back;
            }
        }
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn hex4(&mut self) -> Scanned<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or("\\u without four hex digits")?;
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self) -> Scanned<Value> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(Value::Number)
    }

    fn digits(&mut self) -> Scanned<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err("a number without digits") } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Scanned<Value> {
        if !self.text[self.at..].starts_with(word) {
            return Err("no JSON value");
        }
        self.at += word.len();
        Ok(Value::Word)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_the_texts() {
        let text = br#" {"a": [1e3, -0.5, "x\u00e9\ud83d\ude00"], "b" : {} } "#;
        let root = scan(text).unwrap();
        assert_eq!(root.text(text), text.trim_ascii());
        let texts: Vec<&[u8]> =
            root.get("a").unwrap().elements().iter().map(|node| node.text(text)).collect();
        assert_eq!(texts, [&b"1e3"[..], b"-0.5", br#""x\u00e9\ud83d\ude00""#]);
        assert_eq!(root.get("a").unwrap().elements()[2].as_text(), Some("xé😀"));
        assert_eq!(root.get("b").unwrap().text(text), b"{}");
    }

    #[test]
    fn of_keys_that_are_there_twice_the_last_counts() {
        let root = scan(br#"{"a": "1", "\u0061": "2"}"#).unwrap();
        assert_eq!(root.get_text("a"), Some("2"));
    }

    #[test]
    fn what_go_reads_is_read() {
        for text in [&b"\"\xff\""[..], br#""\ud800""#, br#""\ud800\u0041""#, b" null\r\n"] {
            assert!(scan(text).is_ok(), "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(scan(br#""\ud800A""#).unwrap().as_text(), Some("\u{fffd}A"));
    }

    #[test]
    fn faults_have_their_place() {
        let said = |text: &[u8]| scan(text).unwrap_err().to_string();
        assert_eq!(said(b""), "the end, too early, at line 1, column 1");
        assert_eq!(said(b"{\n  \"a\" 1}"), "a colon is missing at line 2, column 7");
        assert_eq!(said(b"[1] x"), "something behind the value at line 1, column 5");
        assert!(said(b"\xef\xbb\xbf{}").contains("byte order mark"));
        assert!(said(&[b'['; 300]).contains("deeper than 256"));
        assert!(scan(&[b'['; 257]).unwrap_err().is_too_deep());
        assert!(!scan(&[b'['; 256]).unwrap_err().is_too_deep());
        for text in ["[1,]", "{,}", "01", "1.", "+1", "tru", "\"\t\"", r#""\x""#, r#""\u12g4""#] {
            assert!(scan(text.as_bytes()).is_err(), "{text}");
        }
    }
}
