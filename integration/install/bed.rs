//! A node's folders below a root of their own, and the command on them.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nftdivert_integration::ran::{Ran, program};
use tempfile::TempDir;

/// A chain as Calico leaves it.
pub const LIST: &str = r#"{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico",
      "mtu": 1e3
    },
    {
      "type": "portmap",
      "snat": true
    }
  ]
}
"#;

/// One plugin.
pub const SINGLE: &str =
    "{\n\t\"cniVersion\": \"0.4.0\", \"name\": \"net\",\n\t\"type\": \"calico\"}";

/// A node's folders.
pub struct Bed {
    pub root: TempDir,
}

/// The command: the development build without what is for debuggers, for the whole of it comes
/// onto the node.
pub fn command() -> &'static Path {
    static COMMAND: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = COMMAND.get_or_init(|| {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/nftdivert");
        assert!(built.exists(), "{} is missing: run `cargo build`", built.display());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nftdivert");
        let strip = Command::new("strip").arg("-o").arg(&path).arg(built).status().unwrap();
        assert!(strip.success(), "strip (package binutils) failed");
        (folder, path)
    });
    path
}

impl Bed {
    /// A node with this file of network configuration and its plugins' binaries.
    pub fn new(name: &str, text: &str) -> Bed {
        let bed = Bed { root: tempfile::tempdir().unwrap() };
        fs::create_dir_all(bed.conf("")).unwrap();
        fs::create_dir_all(bed.bin("")).unwrap();
        fs::write(bed.conf(name), text).unwrap();
        for plugin in ["calico", "portmap"] {
            bed.plugin(plugin, r#"["0.3.1", "0.4.0", "1.0.0"]"#);
        }
        bed
    }

    /// A binary that answers with these versions.
    pub fn plugin(&self, name: &str, versions: &str) {
        let script = format!("#!/bin/sh\necho '{{\"supportedVersions\": {versions}}}'\n");
        fs::write(self.bin(name), script).unwrap();
        fs::set_permissions(self.bin(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn conf(&self, name: &str) -> PathBuf {
        self.root.path().join("etc/cni/net.d").join(name)
    }

    pub fn bin(&self, name: &str) -> PathBuf {
        self.root.path().join("opt/cni/bin").join(name)
    }

    /// The command's words for this node.
    pub fn words<'w>(&'w self, words: &[&'w str]) -> Vec<&'w str> {
        let root = ["--root", self.root.path().to_str().unwrap()];
        [&[command().to_str().unwrap()], words, &root].concat()
    }

    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Ran {
        program(&self.words(words), "")
    }

    /// Names and bytes of the configuration.
    pub fn tree(&self) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.conf("")).unwrap().map(|entry| entry.unwrap());
        let mut tree: Vec<(String, Vec<u8>)> = entries
            .filter_map(|entry| {
                let bytes = match fs::read(entry.path()) {
                    // A run that goes on beside has renamed or removed it since.
                    Err(error) if error.kind() == ErrorKind::NotFound => return None,
                    bytes => bytes.unwrap(),
                };
                Some((entry.file_name().into_string().unwrap(), bytes))
            })
            .collect();
        tree.sort();
        tree
    }

    /// Names of the configuration.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.conf("")).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What the first file holds whose name begins so.
    pub fn tree_of(&self, start: &str) -> Option<Vec<u8>> {
        let name = self.names().into_iter().find(|name| name.starts_with(start))?;
        fs::read(self.conf(&name)).ok()
    }

    /// The types of the plugins that a runtime calls: those of the first file by name.
    #[track_caller]
    pub fn called(&self) -> Vec<String> {
        self.try_called().unwrap_or_else(|error| panic!("{error}: {:?}", self.tree()))
    }

    /// The same; an error where a runtime could not start a pod.
    pub fn try_called(&self) -> Result<Vec<String>, String> {
        let is_read = |name: &str| name.ends_with(".conf") || name.ends_with(".conflist");
        let tree = self.tree();
        let (name, text) =
            tree.iter().find(|(name, _)| is_read(name)).ok_or_else(|| "no file".to_owned())?;
        let value: serde_json::Value =
            serde_json::from_slice(text).map_err(|error| format!("{name}: {error}"))?;
        let plugins = match name.ends_with(".conflist") {
            true => value["plugins"].as_array().cloned().unwrap_or_default(),
            false => vec![value],
        };
        let types: Vec<String> =
            plugins.iter().map(|it| it["type"].as_str().unwrap_or_default().to_owned()).collect();
        match types.iter().find(|it| !self.bin(it).is_file()) {
            Some(absent) => Err(format!("{name}: no binary {absent}")),
            None => Ok(types),
        }
    }
}

/// Waits until this holds; a minute is long enough for anything.
#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        sleep(Duration::from_millis(5));
    }
}
