//! The two kinds of user data that every nft can read: comments, and the byte order of keys
//! (libnftnl `udata.h`: a type byte, a length byte, the value).

/// `NFTNL_UDATA_TABLE_COMMENT`, `NFTNL_UDATA_CHAIN_COMMENT`: both are 0.
const COMMENT: u8 = 0;

/// `NFTNL_UDATA_SET_KEYBYTEORDER`, a number of its own among those of sets.
const KEY_BYTE_ORDER: u8 = 0;
/// `BYTEORDER_HOST_ENDIAN` of nft.
const NATIVE: u32 = 1;

/// Says that a set's keys are in the machine's byte order; without it nft shows them reversed.
pub(super) fn encode_native_keys() -> Vec<u8> {
    let mut data = vec![KEY_BYTE_ORDER, 4];
    data.extend(NATIVE.to_ne_bytes());
    data
}

/// The longest comment: `NFT_USERDATA_MAXLEN` is 256, less type, length and NUL; and a length
/// byte counts to 255 with the NUL.
pub(super) const MAX_COMMENT: usize = 253;

/// A comment as user data; what is too long is cut at a character.
pub(super) fn encode_comment(comment: &str) -> Vec<u8> {
    let mut end = comment.len().min(MAX_COMMENT);
    while !comment.is_char_boundary(end) {
        end -= 1;
    }
    let text = comment.get(..end).unwrap_or_default();
    let mut data = vec![COMMENT, u8::try_from(text.len() + 1).unwrap_or(u8::MAX)];
    data.extend(text.bytes());
    data.push(0);
    data
}

/// The comment in user data, if there is one.
pub(super) fn decode_comment(mut data: &[u8]) -> Option<String> {
    while let [kind, length, rest @ ..] = data {
        let value = rest.get(..usize::from(*length))?;
        if *kind == COMMENT {
            let text = value.strip_suffix(&[0]).unwrap_or(value);
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        data = rest.get(usize::from(*length)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_survives_and_a_long_one_is_cut() {
        assert_eq!(encode_comment("hi"), [0, 3, b'h', b'i', 0]);
        assert_eq!(decode_comment(&encode_comment("hi")).as_deref(), Some("hi"));
        let long = "é".repeat(200);
        let cut = decode_comment(&encode_comment(&long)).unwrap();
        assert_eq!(cut.len(), 252);
        assert!(encode_comment(&long).len() <= 256);
    }

    #[test]
    fn other_types_are_passed_over_and_lies_give_nothing() {
        assert_eq!(decode_comment(&[9, 1, 7, 0, 2, b'x', 0]).as_deref(), Some("x"));
        assert_eq!(decode_comment(&[0, 9, b'x']), None);
        assert_eq!(decode_comment(&[]), None);
    }
}
