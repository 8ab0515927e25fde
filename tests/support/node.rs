//! Folders of a node in tests: copied, read whole, and judged as a runtime judges them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nftdivert::install::{Folder, Found};

/// Everything in a folder: names, links, and bytes.
pub(crate) type Tree = BTreeMap<String, (Option<PathBuf>, Option<String>)>;

/// Reads a folder without a look at folders in it; bytes that are no text are escaped.
pub(crate) fn read(folder: &Path) -> Tree {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let (name, path) = (entry.file_name().into_string().unwrap(), entry.path());
            let link = fs::read_link(&path).ok();
            let bytes = if link.is_some() { None } else { Some(without_owner(&path)) };
            (name, (link, bytes.map(|bytes| bytes.escape_ascii().to_string())))
        })
        .collect()
}

/// What a file holds, without what it tells of its owner, who is whoever runs the test.
fn without_owner(path: &Path) -> Vec<u8> {
    let metadata = fs::metadata(path).unwrap();
    let owner = format!(",\"owner\":[{},{}]", metadata.uid(), metadata.gid());
    let bytes = fs::read(path).unwrap();
    let at = bytes.windows(owner.len()).position(|part| part == owner.as_bytes());
    at.map_or(bytes.clone(), |at| [&bytes[..at], &bytes[at + owner.len()..]].concat())
}

/// Copies what is in a folder, links as links; what is there stays.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        match fs::read_link(entry.path()) {
            Ok(link) => symlink(link, to).unwrap(),
            Err(_) => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Writes an executable that answers as a plugin of these versions does: `NAME VERSION...`, or
/// `NAME silent`.
pub(crate) fn stand_for(bin: &Path, line: &str) {
    let (name, versions) = line.split_once(' ').unwrap();
    let listed: Vec<String> = versions.split(' ').map(|it| format!("\"{it}\"")).collect();
    let script = match versions {
        "silent" => "#!/bin/sh\nexit 1\n".to_owned(),
        _ => format!("#!/bin/sh\necho '{{\"supportedVersions\": [{}]}}'\n", listed.join(",")),
    };
    fs::write(bin.join(name), script).unwrap();
    fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Makes a folder that is as `before` be as `after`.
pub(crate) fn write_conf(folder: &Path, before: &Folder, after: &Folder) {
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        fs::remove_file(folder.join(name)).unwrap();
    }
    for (name, found) in after.iter().filter(|(name, found)| before.get(*name) != Some(*found)) {
        let Found::File(file) = found else { panic!("{name}: {found:?}") };
        let path = folder.join(name);
        let _ = fs::remove_file(&path);
        match &file.link {
            Some(link) => symlink(link, path).unwrap(),
            None => fs::write(path, &file.bytes).unwrap(),
        }
    }
}

/// Whether a runtime starts pods: the first file by name that is JSON has plugins whose binaries
/// are there. Read by serde, not by the code under test.
pub(crate) fn starts_pods(conf: &Path, bin: &Path) -> Result<(), String> {
    for (name, _) in read(conf) {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        if !matches!(ending, Some("conf" | "conflist" | "json")) {
            continue;
        }
        let Ok(text) = fs::read(conf.join(&name)) else { continue };
        let text = String::from_utf8_lossy(&text).into_owned();
        let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
        let is_list = ending == Some("conflist");
        let plugins = match (is_list, value.get("plugins")) {
            (true, Some(plugins)) => plugins.as_array().cloned().unwrap_or_default(),
            (true, None) | (false, Some(_)) => continue,
            (false, None) => vec![value],
        };
        if plugins.is_empty() {
            return Err(format!("{name} has no plugins"));
        }
        for plugin in plugins {
            let plugin = plugin["type"].as_str().unwrap_or_default();
            if !bin.join(plugin).is_file() {
                return Err(format!("{name}: no binary {plugin}"));
            }
        }
        return Ok(());
    }
    Err("no file".to_owned())
}
