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

#[test]
fn bad_policies_say_all_that_is_wrong() {
    for path in fixtures("bad") {
        let error = CapturePolicy::from_yaml(&read(&path)).expect_err(&path.display().to_string());
        let wanted = read(&path.with_extension("txt"));
        assert_eq!(format!("{error}\n"), wanted, "{}", path.display());
    }
}

#[test]
fn good_policies_have_one_form() {
    for path in fixtures("good") {
        let policy = CapturePolicy::from_yaml(&read(&path));
        let policy = policy.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let wanted = read(&path.with_extension("txt"));
        assert_eq!(policy.to_yaml(), wanted, "{}", path.display());
        assert_eq!(CapturePolicy::from_yaml(&wanted), Ok(policy), "{}", path.display());
    }
}
