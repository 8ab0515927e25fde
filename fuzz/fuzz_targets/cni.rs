//! Environments and texts as requests of a container runtime.
#![no_main]

#[path = "../../tests/support/checks/cni.rs"]
mod cni;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cni::check(bytes));
