//! A datagram is read to its end, message by message, whatever it holds.

use nftdivert::netlink::{Answer, Attributes};

/// `struct nfgenmsg`, which stands before the attributes.
const FAMILY_LEN: usize = 4;
/// Attributes in attributes that are looked into.
const DEPTH: u8 = 6;

/// Checks a datagram.
pub(crate) fn check(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok((answer, after)) = Answer::parse(rest) {
        assert!(after.len() < rest.len(), "no progress at {rest:?}");
        rest = after;
        match answer {
            Answer::Object { body, .. } => {
                assert!(body.len() <= bytes.len());
                walk(Attributes::new(body.get(FAMILY_LEN..).unwrap_or_default()), DEPTH);
            }
            Answer::Ack { .. } | Answer::Done { error: None, .. } => {}
            Answer::Error { error, .. } | Answer::Done { error: Some(error), .. } => {
                assert!(error.errno > 0, "{error:?}");
            }
        }
    }
}

fn walk(attributes: Attributes<'_>, depth: u8) {
    if depth == 0 {
        return;
    }
    for attribute in attributes.map_while(Result::ok) {
        let _ = (attribute.u32_be(), attribute.u64_be());
        assert!(!attribute.string().contains('\0'));
        assert!(attributes.find(attribute.kind()).is_some());
        walk(attribute.nested(), depth - 1);
    }
}
