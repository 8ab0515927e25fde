//! Policies as files: each bad one with the whole text of its faults, each good one with its canonical form.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::policy::CapturePolicy;

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy").join(folder);
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no fixtures in {}", folder.display());
    paths
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compares with the file, or writes it if `NFTDIVERT_BLESS` is set.
fn assert_is(text: &str, path: &Path) {
    let wanted = path.with_extension("txt");
    if std::env::var_os("NFTDIVERT_BLESS").is_some() {
        fs::write(&wanted, text).unwrap();
    }
    assert_eq!(text, read(&wanted), "{}", path.display());
}

#[test]
fn bad_policies_say_all_that_is_wrong() {
    for path in fixtures("bad") {
        let error = CapturePolicy::from_yaml(&read(&path)).expect_err(&path.display().to_string());
        assert_is(&format!("{error}\n"), &path);
    }
}

#[test]
fn good_policies_have_one_form() {
    for path in fixtures("good") {
        let policy = CapturePolicy::from_yaml(&read(&path));
        let policy = policy.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = policy.to_yaml();
        assert_is(&text, &path);
        assert_eq!(CapturePolicy::from_yaml(&text), Ok(policy), "{}", path.display());
    }
}
