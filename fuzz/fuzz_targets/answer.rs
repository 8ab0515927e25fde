//! Datagrams as the kernel's answers.
#![no_main]

#[path = "../../tests/support/checks/answer.rs"]
mod answer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| answer::check(bytes));
