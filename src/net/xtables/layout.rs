//! Where the fields of the kernel's structs are (`linux/netfilter_ipv4/ip_tables.h`,
//! `linux/netfilter_ipv6/ip6_tables.h`, `linux/netfilter/x_tables.h`), and numbers in bytes.

use super::{HOOKS, Info, IpVersion};

/// The alignment of the kernel's 8-byte numbers, and with it of every entry (`XT_ALIGN`).
const ALIGN: usize = align_of::<u64>();

/// `XT_TABLE_MAXNAMELEN`, the first field of every request.
pub(super) const TABLE_NAME: usize = 32;
/// The length of `struct xt_entry_target` without data.
pub(super) const TARGET_HEAD: usize = 32;
/// Where it has its name, and how long that may be (`XT_EXTENSION_MAXNAMELEN`).
pub(super) const TARGET_NAME: (usize, usize) = (2, 29);
/// How long the name of a chain may be (`XT_FUNCTION_MAXNAMELEN`).
pub(super) const CHAIN_NAME: usize = 30;
/// The length of `struct xt_counters`: packets and bytes.
pub(super) const COUNTERS: usize = 16;
/// The length of `struct ipt_getinfo`.
pub(super) const INFO: usize = 84;
/// Where the entries begin in `struct ipt_get_entries`.
pub(super) const GET_ENTRIES: usize = (TABLE_NAME + 4).next_multiple_of(ALIGN);
/// Where `struct ipt_replace` says how many counters it has room for.
pub(super) const REPLACE_NUM_COUNTERS: usize = 84;
/// Where `struct ipt_replace` has the address of that room.
pub(super) const REPLACE_COUNTERS: usize = 88;
/// Where the entries begin in `struct ipt_replace`.
pub(super) const REPLACE: usize = (REPLACE_COUNTERS + size_of::<usize>()).next_multiple_of(ALIGN);
/// Where the counters begin in `struct xt_counters_info`.
pub(super) const ADD_COUNTERS: usize = (TABLE_NAME + 4).next_multiple_of(ALIGN);

/// Where the fields of an entry are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Where the target begins, a 2-byte number.
    pub(super) target_offset: usize,
    /// The length of the entry, a 2-byte number.
    pub(super) next_offset: usize,
    /// The length of an entry without matches and target.
    pub(super) elements: usize,
}

impl Layout {
    /// `struct ipt_entry` begins with `struct ipt_ip` (84 bytes) and a number that is not used;
    /// `struct ip6t_entry` with `struct ip6t_ip6` (136) and the same. Both end with a 4-byte
    /// number and the counters.
    pub(super) const fn of(version: IpVersion) -> Self {
        let target_offset: usize = match version {
            IpVersion::V4 => 88,
            IpVersion::V6 => 140,
        };
        let counters = (target_offset + 8).next_multiple_of(ALIGN);
        Self { target_offset, next_offset: target_offset + 2, elements: counters + COUNTERS }
    }
}

/// A 2-byte number in the machine's order.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(array_at(bytes, at)?))
}

/// A 4-byte number in the machine's order.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(array_at(bytes, at)?))
}

/// A signed 4-byte number in the machine's order.
pub(super) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(array_at(bytes, at)?))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// A string up to its first NUL; what is not UTF-8 is replaced, for it is shown and compared only.
pub(super) fn string_at(bytes: &[u8], at: usize, longest: usize) -> Option<String> {
    let field = bytes.get(at..at.checked_add(longest)?)?;
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(longest);
    Some(String::from_utf8_lossy(field.get(..end)?).into_owned())
}

/// The first field of every request.
pub(super) fn table_name(name: &str) -> [u8; TABLE_NAME] {
    let mut field = [0; TABLE_NAME];
    // The last byte stays NUL.
    for (place, byte) in field.iter_mut().take(TABLE_NAME - 1).zip(name.bytes()) {
        *place = byte;
    }
    field
}

/// Reads what [`INFO`] bytes say.
pub(super) fn read_info(bytes: &[u8]) -> Option<Info> {
    let hooks = |at: usize| -> Option<[u32; HOOKS]> {
        let mut numbers = [0; HOOKS];
        for (place, hook) in numbers.iter_mut().zip(0..) {
            *place = u32_at(bytes, at + 4 * hook)?;
        }
        Some(numbers)
    };
    Some(Info {
        valid_hooks: u32_at(bytes, 32)?,
        hook_entry: hooks(36)?,
        underflow: hooks(56)?,
        num_entries: u32_at(bytes, 76)?,
        size: u32_at(bytes, 80)?,
    })
}

/// The beginning of `struct ipt_replace`, with no room for counters yet.
pub(super) fn replace_head(name: &str, info: &Info) -> Vec<u8> {
    let mut head = Vec::with_capacity(REPLACE);
    head.extend(table_name(name));
    let numbers = [info.valid_hooks, info.num_entries, info.size]
        .into_iter()
        .chain(info.hook_entry)
        .chain(info.underflow);
    head.extend(numbers.flat_map(u32::to_ne_bytes));
    head.resize(REPLACE, 0);
    head
}
