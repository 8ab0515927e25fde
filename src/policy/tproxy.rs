//! What the TPROXY modes mark packets with, and the table that routes these.

use crate::words::number;

/// `RT_TABLE_DEFAULT`, `RT_TABLE_MAIN`, `RT_TABLE_LOCAL`.
const KERNELS_OWN: std::ops::RangeInclusive<u32> = 253..=255;

/// Reads a mark of all 32 bits.
///
/// # Errors
/// The reason in words.
pub(super) fn mark(text: &str) -> Result<u32, String> {
    match number(text) {
        Ok(0) => Err(String::from("must not be 0, the mark of every packet that nobody marked")),
        Ok(mark) => Ok(mark),
        Err(fault) => Err(format!("must be a packet mark, 1-4294967295{fault}")),
    }
}

/// Reads the number of a routing table.
///
/// # Errors
/// The reason in words.
pub(super) fn table(text: &str) -> Result<u32, String> {
    match number(text) {
        Ok(0) => Err(String::from("must not be 0, which is no routing table")),
        Ok(table) if KERNELS_OWN.contains(&table) => {
            Err(String::from("must not be 253, 254 or 255: these tables are the kernel's own"))
        }
        Ok(table) => Ok(table),
        Err(fault) => Err(format!("must be the number of a routing table{fault}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_tables() {
        assert_eq!((mark("0x539"), table("133"), table("256")), (Ok(1337), Ok(133), Ok(256)));
        for text in ["0", "", "0x1/0x1", "-1"] {
            assert!(mark(text).is_err(), "{text}");
        }
        for text in ["0", "253", "254", "255", "main"] {
            assert!(table(text).is_err(), "{text}");
        }
    }
}
