//! How every number is written: decimal digits, or `0x` and hexadecimal digits.

use super::NumberFault;

/// The number that `text` says: no sign, no underscores, no white space; leading zeros are decimal.
///
/// # Errors
/// What is wrong with the text; [`NumberFault::Range`] where it does not fit into 32 bits.
pub(crate) fn number(text: &str) -> Result<u32, NumberFault> {
    if text.is_empty() {
        return Err(NumberFault::Empty);
    }
    if text.starts_with(['+', '-']) {
        return Err(NumberFault::Sign);
    }
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(NumberFault::Digits);
    }
    u32::from_str_radix(digits, radix).map_err(|_| NumberFault::Range)
}

/// A user or group id: any 32-bit number but the kernel's "no id" (`(uid_t)-1`).
///
/// # Errors
/// As [`number`], and [`NumberFault::NoId`].
pub(super) fn id(text: &str) -> Result<u32, NumberFault> {
    match number(text)? {
        u32::MAX => Err(NumberFault::NoId),
        id => Ok(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_and_hexadecimal() {
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("010"), Ok(10));
        assert_eq!(number("0x539"), Ok(1337));
        assert_eq!(number("0xfFfFfFfF"), Ok(u32::MAX));
    }

    #[test]
    fn each_fault_has_its_name() {
        let faults = [
            ("", NumberFault::Empty),
            ("+80", NumberFault::Sign),
            ("-1", NumberFault::Sign),
            ("0x", NumberFault::Digits),
            ("0x+1", NumberFault::Digits),
            ("0X1", NumberFault::Digits),
            ("1_000", NumberFault::Digits),
            (" 1", NumberFault::Digits),
            ("٣", NumberFault::Digits),
            ("4294967296", NumberFault::Range),
            ("0x100000000", NumberFault::Range),
        ];
        for (text, fault) in faults {
            assert_eq!(number(text), Err(fault), "{text}");
        }
        assert_eq!(id("4294967295"), Err(NumberFault::NoId));
    }
}
