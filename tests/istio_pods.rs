//! Pods as Kubernetes tells them: each with what becomes of it beside it.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nftdivert::dialect::istio::pod::{Pod, Verdict, judge};

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialect/pods");
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no fixtures in {}", folder.display());
    paths
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The whole outcome as text.
fn outcome(path: &Path) -> String {
    let pod: Pod = serde_json::from_str(&read(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    match judge(&pod, &BTreeSet::from([String::from("kube-system")])) {
        Ok(Verdict::LeftAlone(reason)) => format!("left alone: {reason}\n"),
        Ok(Verdict::Captured { policy, notes }) => {
            let notes: String = notes.iter().map(|note| format!("note: {note}\n")).collect();
            format!("{notes}{}", policy.to_yaml())
        }
        Err(error) => format!("{error}\n"),
    }
}

#[test]
fn pods_become_what_stands_beside_them() {
    for path in fixtures() {
        let text = outcome(&path);
        let wanted = path.with_extension("txt");
        if std::env::var_os("NFTDIVERT_BLESS").is_some() {
            fs::write(&wanted, &text).unwrap();
        }
        assert_eq!(text, read(&wanted), "{}", path.display());
    }
}

/// Two pods that say the same in other words.
#[test]
fn defaults_may_be_written_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialect/pods");
    let defaults = outcome(&folder.join("defaults.json"));
    assert!(defaults.contains("apiVersion"), "{defaults}");
    for same in
        ["defaults_written_out.json", "native_sidecar.json", "proxy_is_not_the_command.json"]
    {
        assert_eq!(outcome(&folder.join(same)), defaults, "{same}");
    }
}
