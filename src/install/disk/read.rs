//! A node's folders, read as they are.

use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::credentials::gone;
use super::super::error::InstallError;
use super::super::folder::{
    BINARY, Bin, File, Folder, Found, LONGEST, Node, OurBinary, TEMP, is_read,
};
use super::super::kept::PREFIX;
use super::Places;

/// The node. A folder that is not there is empty.
pub(in crate::install) fn read_node(places: &Places, binary: &[u8]) -> Result<Node, InstallError> {
    let conf = read_conf(&places.conf)?;
    let gone = gone(&places.conf, &conf);
    Ok(Node { conf, bin: read_bin(&places.bin, binary)?, gone })
}

fn read_conf(path: &Path) -> Result<Folder, InstallError> {
    let mut folder = Folder::new();
    for name in names(path)? {
        let matters = is_read(&name) || name.starts_with(PREFIX) || name.starts_with(TEMP);
        if matters && let Some(found) = read_file(&path.join(&name)) {
            folder.insert(name, found);
        }
    }
    Ok(folder)
}

fn names(path: &Path) -> Result<Vec<String>, InstallError> {
    let failed = |source| InstallError::File { doing: "read", path: path.to_owned(), source };
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let name = |entry: io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    entries.map(name).collect::<Result<_, _>>().map_err(failed)
}

/// What a name stands for; `None` where it is gone, or is no text.
pub(super) fn read_file(path: &Path) -> Option<Found> {
    let own = fs::symlink_metadata(path).ok()?;
    if own.is_dir() {
        return Some(Found::Folder);
    }
    if !own.is_symlink() {
        return contents(path, &own, None);
    }
    let link = fs::read_link(path).ok()?;
    let dangling =
        |why: &str| Some(Found::Passed(format!("is a link to {}, {why}", link.display())));
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Some(Found::Unknown(format!("can't be read: {error}")))
        }
        Err(_) => dangling("where nothing is"),
        Ok(metadata) if metadata.is_dir() => dangling("which is a folder"),
        Ok(metadata) => contents(path, &metadata, Some(link.clone())),
    }
}

fn contents(path: &Path, metadata: &Metadata, link: Option<std::path::PathBuf>) -> Option<Found> {
    if !metadata.is_file() {
        return Some(Found::Unknown("is no regular file".to_owned()));
    }
    let read = || {
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    let mode = metadata.permissions().mode() & 0o7777;
    match read() {
        Ok(bytes) if bytes.len() as u64 > LONGEST => {
            Some(Found::Unknown("is larger than 1 MiB".to_owned()))
        }
        Ok(bytes) => Some(Found::File(File { bytes, mode, link })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Found::Unknown(format!("can't be read: {error}"))),
    }
}

fn read_bin(path: &Path, binary: &[u8]) -> Result<Bin, InstallError> {
    let names = names(path)?;
    let temps = names.iter().filter(|name| name.starts_with(TEMP)).cloned().collect();
    let ours = read_ours(&path.join(BINARY), binary);
    let runs = |name: &String| fs::metadata(path.join(name)).is_ok_and(|it| is_executable(&it));
    Ok(Bin { plugins: names.iter().filter(|name| runs(name)).cloned().collect(), ours, temps })
}

fn read_ours(path: &Path, binary: &[u8]) -> OurBinary {
    let Ok(metadata) = fs::symlink_metadata(path) else { return OurBinary::Absent };
    let is_same = metadata.is_file()
        && is_executable(&metadata)
        && metadata.len() == binary.len() as u64
        && fs::read(path).is_ok_and(|found| found == binary);
    if is_same { OurBinary::Current } else { OurBinary::Other }
}

fn is_executable(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}
