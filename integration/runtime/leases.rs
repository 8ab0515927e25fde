//! What host-local has given away.

use std::fs;
use std::path::Path;

/// The addresses of containers that are not freed yet.
pub(crate) fn leases(folder: &Path) -> Vec<String> {
    let mut names = names(&folder.join("leases/lab"));
    names.retain(|name| name != "lock" && !name.starts_with("last_reserved_ip"));
    names
}

/// The names in a folder; none where there is no such folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}
