//! Base64 in the alphabet for URLs (RFC 4648, section 5), with or without padding.

/// The bytes of a text.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, &'static str> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    if padding > 2 || padding > 0 && !text.len().is_multiple_of(4) || unpadded.len() % 4 == 1 {
        return Err("has the wrong length for base64url");
    }
    let mut bytes = Vec::with_capacity(unpadded.len() / 4 * 3 + 2);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in unpadded.bytes() {
        held = held << 6 | u32::from(value(byte).ok_or("is not base64url (A-Z a-z 0-9 - _)")?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.extend(u8::try_from(held >> bits & 0xff));
            held &= (1 << bits) - 1;
        }
    }
    if held == 0 { Ok(bytes) } else { Err("ends in bits that belong to no byte") }
}

fn value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        let pairs = [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg", "foob"),
            ("Zm9vYmE", "fooba"),
            ("Zm9vYmFy", "foobar"),
            ("8J-YgA", "\u{1f600}"),
            ("Pz8_", "???"),
        ];
        for (text, wanted) in pairs {
            assert_eq!(decode(text).as_deref(), Ok(wanted.as_bytes()), "{text}");
        }
        for text in ["A", "Zg=", "Zm9v=", "Zg===", "Z+8", "Zm9v\n", "Zh", "====", "=Zg"] {
            assert!(decode(text).is_err(), "{text}");
        }
    }
}
