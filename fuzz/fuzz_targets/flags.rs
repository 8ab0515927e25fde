//! Texts with flags that override them.
#![no_main]

#[path = "../../tests/support/checks/flags.rs"]
mod flags;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flags::check(bytes));
