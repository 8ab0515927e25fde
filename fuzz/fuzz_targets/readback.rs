//! Messages as a table that was read back.
#![no_main]

#[path = "../../tests/support/checks/assemble.rs"]
mod assemble;
#[path = "../../tests/support/checks/readback.rs"]
mod readback;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readback::check(bytes));
