//! The corpus of each fuzz target, without the fuzzer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[path = "support/checks/mod.rs"]
mod checks;

/// Runs every input of a target; fails after the last and names all that failed.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let inputs = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let inputs: Vec<_> = inputs.collect();
    assert!(inputs.len() >= 20, "{} holds {} inputs only", folder.display(), inputs.len());
    let fails = |path: &&std::path::PathBuf| {
        let bytes = fs::read(path).unwrap();
        catch_unwind(AssertUnwindSafe(|| check(&bytes))).is_err()
    };
    let failed: Vec<_> = inputs.iter().filter(fails).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn texts_of_policies() {
    replay("policy", checks::policy::check);
}

#[test]
fn texts_with_flags() {
    replay("flags", checks::flags::check);
}

#[test]
fn datagrams() {
    replay("answer", checks::answer::check);
}

#[test]
fn tables_read_back() {
    replay("readback", checks::readback::check);
}

#[test]
fn requests_of_runtimes() {
    replay("cni", checks::cni::check);
}
