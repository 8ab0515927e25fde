//! Texts as policies.
#![no_main]

#[path = "../../tests/support/checks/policy.rs"]
mod policy;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| policy::check(bytes));
