//! Steps, carried out: whole files by rename, flushed to the disk before the next step begins.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::error::InstallError;
use super::super::folder::{BINARY, File, Node, TEMP};
use super::super::step::Step;
use super::Places;
use super::read::read_file;

/// How carrying out steps ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::install) enum Written {
    /// All steps were taken.
    All,
    /// Somebody else changed this file since it was read: the steps from there on are not what
    /// the node needs now.
    Overtaken(PathBuf),
}

/// Takes the steps, one after the other, on a node that was read as `node`.
pub(in crate::install) fn carry_out(
    places: &Places,
    node: &Node,
    steps: &[Step],
    binary: &[u8],
) -> Result<Written, InstallError> {
    let mut expected = node.clone();
    for step in steps {
        if let Some(name) = step.conf_name() {
            let path = places.conf.join(name);
            if read_file(&path).as_ref() != expected.conf.get(name) {
                return Ok(Written::Overtaken(path));
            }
        }
        take(places, step, binary)?;
        expected.take(step);
    }
    Ok(Written::All)
}

fn take(places: &Places, step: &Step, binary: &[u8]) -> Result<(), InstallError> {
    match step {
        Step::PutBinary => {
            let made = fs::create_dir_all(&places.bin);
            made.map_err(failed("make the folder", &places.bin))?;
            put(&places.bin, BINARY, &File::new(binary, 0o755))
        }
        Step::Put { name, file } => put(&places.conf, name, file),
        Step::Remove { name } => remove(&places.conf, name),
        Step::RemoveLeftover { name } => remove(&places.bin, name),
        Step::RemoveBinary => remove(&places.bin, BINARY),
    }
}

/// The name is exchanged, never followed: a link is replaced, and what it leads to stays.
fn put(folder: &Path, name: &str, file: &File) -> Result<(), InstallError> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!("{TEMP}{}.{count}", std::process::id()));
    let path = folder.join(name);
    let result = write(&temporary, file)
        .map_err(failed("write", &temporary))
        .and_then(|()| fs::rename(&temporary, &path).map_err(failed("replace", &path)));
    if result.is_err() {
        // What is left then goes with the next run.
        let _ = fs::remove_file(&temporary);
    }
    result.and_then(|()| flush(folder))
}

fn write(path: &Path, file: &File) -> io::Result<()> {
    if let Some(target) = &file.link {
        return symlink(target, path);
    }
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    new.write_all(&file.bytes)?;
    new.set_permissions(Permissions::from_mode(file.mode))?;
    new.sync_all()
}

fn remove(folder: &Path, name: &str) -> Result<(), InstallError> {
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(failed("remove", &path)).and_then(|()| flush(folder)),
    }
}

fn flush(folder: &Path) -> Result<(), InstallError> {
    fs::File::open(folder).and_then(|it| it.sync_all()).map_err(failed("flush", folder))
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> InstallError {
    let path = path.to_owned();
    move |source| InstallError::File { doing, path, source }
}
