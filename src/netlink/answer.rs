//! What the kernel answers, with the extended part of its errors.

use netlink_packet_core::{DecodeError, NLM_F_ACK_TLVS, NLM_F_CAPPED, NetlinkBuffer};

use super::Attributes;

/// `NLMSG_ERROR`: an error or, with code 0, an acknowledgement.
const NLMSG_ERROR: u16 = 2;
/// `NLMSG_DONE`: the end of a dump.
const NLMSG_DONE: u16 = 3;
/// `NLM_F_DUMP_INTR`: the objects changed during the dump.
const NLM_F_DUMP_INTR: u16 = 0x10;
/// Bytes of `struct nlmsghdr`.
const HEADER_LEN: usize = 16;
/// `NLMSGERR_ATTR_MSG`.
const ATTR_MSG: u16 = 1;
/// `NLMSGERR_ATTR_OFFS`.
const ATTR_OFFS: u16 = 2;

/// The kernel's refusal of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelError {
    /// The errno, positive.
    pub errno: i32,
    /// What the kernel says about it (extended ACK); rare.
    pub words: Option<String>,
    /// The byte of the message, from its header on, where the refused attribute stands.
    pub offset: Option<u32>,
}

/// One message from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<'a> {
    /// An object.
    Object {
        /// The message type.
        kind: u16,
        /// The sequence number of the request.
        sequence: u32,
        /// What follows the netlink header.
        body: &'a [u8],
        /// The objects changed while they were read: read them again.
        interrupted: bool,
    },
    /// The message of that number was taken.
    Ack {
        /// The sequence number of the request.
        sequence: u32,
    },
    /// The message of that number was refused.
    Error {
        /// The sequence number of the request.
        sequence: u32,
        /// Why.
        error: KernelError,
    },
    /// The end of a dump.
    Done {
        /// The sequence number of the request.
        sequence: u32,
        /// Why the dump ended early, if it did.
        error: Option<KernelError>,
        /// The objects changed while they were read.
        interrupted: bool,
    },
}

impl<'a> Answer<'a> {
    /// The first message of a datagram, and what follows it.
    ///
    /// # Errors
    /// The bytes are no netlink message.
    pub fn parse(datagram: &'a [u8]) -> Result<(Self, &'a [u8]), DecodeError> {
        let buffer = NetlinkBuffer::new_checked(datagram)?;
        let length = usize::try_from(buffer.length()).unwrap_or(usize::MAX);
        let body = datagram
            .get(HEADER_LEN..length)
            .ok_or_else(|| DecodeError::buffer_too_small(datagram.len(), HEADER_LEN))?;
        let rest = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
        let sequence = buffer.sequence_number();
        let interrupted = buffer.flags() & NLM_F_DUMP_INTR != 0;
        let answer = match buffer.message_type() {
            NLMSG_ERROR => match kernel_error(buffer.flags(), body)? {
                None => Self::Ack { sequence },
                Some(error) => Self::Error { sequence, error },
            },
            NLMSG_DONE => {
                let error = kernel_error(0, body).ok().flatten();
                Self::Done { sequence, error, interrupted }
            }
            kind => Self::Object { kind, sequence, body, interrupted },
        };
        Ok((answer, rest))
    }
}

/// Reads `struct nlmsgerr` and the attributes that may follow it (`linux/netlink.h`).
fn kernel_error(flags: u16, body: &[u8]) -> Result<Option<KernelError>, DecodeError> {
    let (code, original) = body
        .split_first_chunk::<4>()
        .ok_or_else(|| DecodeError::buffer_too_small(body.len(), 4))?;
    let code = i32::from_ne_bytes(*code);
    if code == 0 {
        return Ok(None);
    }
    let mut error = KernelError { errno: code.saturating_abs(), words: None, offset: None };
    if flags & NLM_F_ACK_TLVS != 0 {
        let told = Attributes::new(after_original(flags, original)?);
        error.words = told.find(ATTR_MSG).map(|attribute| attribute.string());
        error.offset = told
            .find(ATTR_OFFS)
            .and_then(|attribute| attribute.bytes().try_into().ok().map(u32::from_ne_bytes));
    }
    Ok(Some(error))
}

/// Skips the copy of the refused message: its header alone if the answer is capped.
fn after_original(flags: u16, original: &[u8]) -> Result<&[u8], DecodeError> {
    let length = if flags & NLM_F_CAPPED != 0 {
        HEADER_LEN
    } else {
        let length = NetlinkBuffer::new_checked(original)?.length();
        usize::try_from(length).unwrap_or(usize::MAX).next_multiple_of(4)
    };
    original.get(length..).ok_or_else(|| DecodeError::buffer_too_small(original.len(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER_LEN + body.len()).unwrap();
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(5u32.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn an_error_tells_its_words_and_the_offset() {
        let mut body = (-95i32).to_ne_bytes().to_vec();
        body.extend([0; HEADER_LEN]);
        body.extend([8, 0, 1, 0, b'b', b'a', b'd', 0]);
        body.extend([8, 0, 2, 0]);
        body.extend(44u32.to_ne_bytes());
        let bytes = datagram(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, &body);
        let (answer, rest) = Answer::parse(&bytes).unwrap();
        assert!(rest.is_empty());
        let error = KernelError { errno: 95, words: Some("bad".into()), offset: Some(44) };
        assert_eq!(answer, Answer::Error { sequence: 5, error });
    }

    #[test]
    fn code_zero_is_an_acknowledgement_and_done_ends_a_dump() {
        let mut bytes = datagram(NLMSG_ERROR, NLM_F_CAPPED, &[0; 20]);
        bytes.extend(datagram(NLMSG_DONE, NLM_F_DUMP_INTR, &[0; 4]));
        let (first, rest) = Answer::parse(&bytes).unwrap();
        assert_eq!(first, Answer::Ack { sequence: 5 });
        let (second, rest) = Answer::parse(rest).unwrap();
        assert_eq!(second, Answer::Done { sequence: 5, error: None, interrupted: true });
        assert!(rest.is_empty());
    }

    #[test]
    fn short_and_lying_datagrams_are_refused() {
        assert!(Answer::parse(&[]).is_err());
        assert!(Answer::parse(&[1; 15]).is_err());
        let mut lying = datagram(NLMSG_ERROR, 0, &[0; 4]);
        lying[0] = 200;
        assert!(Answer::parse(&lying).is_err());
        assert!(Answer::parse(&datagram(NLMSG_ERROR, 0, &[1])).is_err());
    }
}
