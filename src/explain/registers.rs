//! The registers of nf_tables: 64 bytes, which the numbers of `enum nft_registers` name twice.

use crate::ruleset::Reg;

/// Registers 1 to 4 of 16 bytes are the registers 8 to 23 of 4 bytes (`nft_parse_register`).
#[derive(Debug, Clone)]
pub(super) struct Registers([u8; 64]);

impl Default for Registers {
    fn default() -> Self {
        Self([0; 64])
    }
}

/// Bytes of the smallest register.
const WORD: usize = 4;

impl Registers {
    /// So many bytes from the start of the register on; `None` if it is none, or they are not there.
    pub(super) fn read(&self, reg: Reg, len: usize) -> Option<&[u8]> {
        let start = start(reg)?;
        self.0.get(start..start.checked_add(len)?)
    }

    /// Fills the register and those that follow it; the rest of the last word becomes zero, as
    /// every load of the kernel leaves it.
    pub(super) fn write(&mut self, reg: Reg, data: &[u8]) -> Option<()> {
        let start = start(reg)?;
        let end = start.checked_add(data.len().next_multiple_of(WORD))?;
        let place = self.0.get_mut(start..end)?;
        place.fill(0);
        for (byte, value) in place.iter_mut().zip(data) {
            *byte = *value;
        }
        Some(())
    }
}

fn start(reg: Reg) -> Option<usize> {
    let number = usize::try_from(reg.0).ok()?;
    match number {
        1..=4 => Some((number - 1) * 4 * WORD),
        8..=23 => Some((number - 8) * WORD),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_registers_are_the_same_bytes() {
        let mut registers = Registers::default();
        registers.write(Reg::ONE, &[10, 0, 0, 1]).unwrap();
        registers.write(Reg::AFTER_4, &[0x01, 0xbb]).unwrap();
        assert_eq!(registers.read(Reg::ONE, 8).unwrap(), [10, 0, 0, 1, 0x01, 0xbb, 0, 0]);
        registers.write(Reg::AFTER_16, &[7; 16]).unwrap();
        assert_eq!(registers.read(Reg(12), 4).unwrap(), [7; 4]);
        assert_eq!(registers.read(Reg::ONE, 20).unwrap()[16..], [7; 4]);
    }

    #[test]
    fn a_load_clears_the_rest_of_its_last_word() {
        let mut registers = Registers::default();
        registers.write(Reg::ONE, &[9; 8]).unwrap();
        registers.write(Reg::ONE, &[1]).unwrap();
        assert_eq!(registers.read(Reg::ONE, 8).unwrap(), [1, 0, 0, 0, 9, 9, 9, 9]);
    }

    #[test]
    fn what_is_no_register_holds_nothing() {
        let mut registers = Registers::default();
        for reg in [0, 5, 7, 24, u32::MAX] {
            assert_eq!(registers.read(Reg(reg), 1), None);
            assert_eq!(registers.write(Reg(reg), &[1]), None);
        }
        assert_eq!(registers.write(Reg(4), &[0; 17]), None);
        assert_eq!(registers.read(Reg(23), 5), None);
        assert!(registers.read(Reg(1), 64).is_some());
    }
}
