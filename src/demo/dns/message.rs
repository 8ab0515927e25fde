//! Messages of the domain name system (RFC 1035): one question, and the texts that answer it.

const HEADER: usize = 12;
const TEXT: [u8; 2] = [0, 16];
const INTERNET: [u8; 2] = [0, 1];
/// A pointer to the name of the question, which follows the header.
const SAME_NAME: [u8; 2] = [0xc0, 12];
/// A response; recursion was wished for and available.
const RESPONSE: [u8; 2] = [0x81, 0x80];
const TIME_TO_LIVE: [u8; 4] = [0; 4];
/// The name that is asked for, in labels: `who.nftdivert.test`.
const NAME: &[u8] = b"\x03who\x09nftdivert\x04test\0";

/// The question for the texts of `who.nftdivert.test`.
pub(super) fn question(id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let header = [high, low, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    [&header[..], NAME, &TEXT, &INTERNET].concat()
}

/// The answer to `question`: one record of these texts. `None` if it is no question.
pub(super) fn answer(question: &[u8], texts: &[String]) -> Option<Vec<u8>> {
    let id = question.get(..2)?;
    let asked = question.get(HEADER..question_end(question)?)?;
    let mut data = Vec::new();
    for text in texts {
        data.push(u8::try_from(text.len()).ok()?);
        data.extend(text.as_bytes());
    }
    let length = u16::try_from(data.len()).ok()?.to_be_bytes();
    let counts = [0, 1, 0, 1, 0, 0, 0, 0];
    let record = [&SAME_NAME[..], &TEXT, &INTERNET, &TIME_TO_LIVE, &length, &data].concat();
    Some([id, &RESPONSE, &counts, asked, &record].concat())
}

/// The texts of the one record that answers the question with this number.
pub(super) fn texts(answer: &[u8], id: u16) -> Option<Vec<String>> {
    let is_of_id = answer.get(..2)? == id.to_be_bytes();
    if !is_of_id || answer.get(6..8)? != [0, 1] {
        return None;
    }
    let head = SAME_NAME.len() + TEXT.len() + INTERNET.len() + TIME_TO_LIVE.len();
    let record = answer.get(question_end(answer)? + head..)?;
    let (length, mut data) = record.split_first_chunk()?;
    if data.len() != usize::from(u16::from_be_bytes(*length)) {
        return None;
    }
    let mut texts = Vec::new();
    while let Some((&length, rest)) = data.split_first() {
        let (text, after) = rest.split_at_checked(length.into())?;
        texts.push(String::from_utf8(text.to_vec()).ok()?);
        data = after;
    }
    Some(texts)
}

/// Where the only question ends.
fn question_end(message: &[u8]) -> Option<usize> {
    if message.get(4..6)? != [0, 1] {
        return None;
    }
    let mut at = HEADER;
    loop {
        match message.get(at)? {
            0 => return Some(at + 1 + TEXT.len() + INTERNET.len()),
            length => at += 1 + usize::from(*length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        let question = question(0xabcd);
        let said = ["world 10.88.0.2:53".to_owned(), String::new()];
        let answer = answer(&question, &said).unwrap();
        assert_eq!(texts(&answer, 0xabcd).unwrap(), said);
        assert_eq!(texts(&answer, 0xabce), None);
        assert_eq!(texts(&question, 0xabcd), None);
    }

    #[test]
    fn what_is_cut_is_no_message() {
        let question = question(7);
        assert!((0..question.len()).all(|end| answer(&question[..end], &[]).is_none()));
        let whole = answer(&question, &["a text".to_owned()]).unwrap();
        assert!((0..whole.len()).all(|end| texts(&whole[..end], 7).is_none()));
    }

    /// As `dig` adds one.
    #[test]
    fn an_additional_record_is_not_part_of_the_question() {
        let mut question = question(7);
        let plain = question.len();
        question[11] = 1;
        question.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
        let answer = answer(&question, &[]).unwrap();
        assert_eq!(answer[HEADER..plain], question[HEADER..plain]);
        assert_eq!((answer[11], answer.len()), (0, plain + 12));
    }

    #[test]
    fn a_text_that_is_too_long_for_a_record_is_no_answer() {
        assert_eq!(answer(&question(7), &["x".repeat(256)]), None);
    }
}
