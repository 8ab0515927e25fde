//! Steps, carried out: whole files by rename, flushed to the disk before the next step begins.

use std::path::{Path, PathBuf};

use rustix::fs::renameat;

use super::super::error::InstallError;
use super::super::folder::{BINARY, File, Found, Node, TEMP};
use super::super::step::Step;
use super::exchange::{self, Outcome};
use super::read::read_file;
use super::temp::Temp;
use super::{Dir, Places};

/// How carrying out steps ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::install) enum Written {
    /// All steps were taken.
    All,
    /// Somebody else changed this file since it was read: the steps from there on are not what
    /// the node needs now.
    Overtaken(PathBuf),
}

/// Takes the steps, one after the other, on a node that was read as `node`. What a user should know
/// comes to `notes`.
pub(in crate::install) fn carry_out(
    places: &Places,
    node: &Node,
    steps: &[Step],
    binary: &[u8],
    notes: &mut Vec<String>,
) -> Result<Written, InstallError> {
    let mut expected = node.clone();
    for step in steps {
        let overtaken = match step.conf_name() {
            Some(name) => {
                let outcome = in_conf(places, step, name, expected.conf.get(name), notes)?;
                (outcome == Outcome::Overtaken).then(|| places.conf.join(name))
            }
            None => in_bin(places, step, binary).map(|()| None)?,
        };
        if let Some(path) = overtaken {
            return Ok(Written::Overtaken(path));
        }
        expected.take(step);
    }
    Ok(Written::All)
}

fn in_conf(
    places: &Places,
    step: &Step,
    name: &str,
    expected: Option<&Found>,
    notes: &mut Vec<String>,
) -> Result<Outcome, InstallError> {
    let Some(dir) = Dir::open(places, &places.conf)? else { return Ok(Outcome::Overtaken) };
    if read_file(&dir, name).as_ref() != expected {
        return Ok(Outcome::Overtaken);
    }
    let outcome = match step {
        Step::Put { file, .. } => put(&dir, name, file, expected, notes)?,
        // Nobody but a run of ours that has ended wrote it.
        Step::Remove { .. } if name.starts_with(TEMP) => {
            exchange::remove(&dir, name).map(|()| Outcome::Done)?
        }
        Step::Remove { .. } => exchange::take(&dir, name, expected)?,
        Step::PutBinary | Step::RemoveLeftover { .. } | Step::RemoveBinary => Outcome::Done,
    };
    dir.flush().map(|()| outcome)
}

/// The name is exchanged, never followed: a link is replaced, and what it leads to stays.
fn put(
    dir: &Dir,
    name: &str,
    file: &File,
    expected: Option<&Found>,
    notes: &mut Vec<String>,
) -> Result<Outcome, InstallError> {
    let mut told = Vec::new();
    let temp = Temp::write(dir, file, &mut told)?;
    let outcome = exchange::put(dir, temp, name, expected)?;
    if outcome == Outcome::Done {
        notes.extend(told.iter().map(|told| format!("{name} {told}")));
    }
    Ok(outcome)
}

fn in_bin(places: &Places, step: &Step, binary: &[u8]) -> Result<(), InstallError> {
    match step {
        Step::PutBinary => put_binary(&Dir::make(places, &places.bin)?, binary),
        Step::RemoveLeftover { name } => remove(places, &places.bin, name),
        Step::RemoveBinary => remove(places, &places.bin, BINARY),
        Step::Put { .. } | Step::Remove { .. } => Ok(()),
    }
}

/// The name is ours: whatever has it is replaced.
fn put_binary(dir: &Dir, binary: &[u8]) -> Result<(), InstallError> {
    let temp = Temp::write(dir, &File::new(binary, 0o755), &mut Vec::new())?;
    let failed = |error| InstallError::file("replace", &dir.path(BINARY), error);
    renameat(dir, temp.name(), dir, BINARY).map_err(failed)?;
    temp.stays();
    dir.flush()
}

fn remove(places: &Places, folder: &Path, name: &str) -> Result<(), InstallError> {
    let Some(dir) = Dir::open(places, folder)? else { return Ok(()) };
    exchange::remove(&dir, name)?;
    dir.flush()
}
