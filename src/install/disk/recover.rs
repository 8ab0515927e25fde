//! What a run left that ended while two files changed places: nobody's file is thrown away.
//!
//! Such a name tells what the run was about to put (N), and what it had read before (E). So it is
//! known what the file under it is. N itself: it never got its place, or was taken back; it goes.
//! E: the exchange was right, and E is kept beside or not wanted any more; it goes. Anything else is
//! somebody's newer file, which the run was about to give back: if N stands in its place still, that
//! is done now. If not, somebody wrote the place once more; which of both is the last word can't be known,
//! so the place stays as it is, and the other one is kept under a name that no runtime reads.
//!
//! This is done under the lock, under which no other run of ours is between two such calls.

use super::super::error::InstallError;
use super::super::folder::{ASIDE, LOCK};
use super::super::kept::PREFIX;
use super::exchange::{bring_back, give_back, mark, remove, rename_new};
use super::read::read_file;
use super::temp::random;
use super::{Dir, Places};

/// Whether a run of ours has left something that only the next one that has the lock can judge.
pub(in crate::install) fn is_unfinished(places: &Places) -> Result<bool, InstallError> {
    let Some(dir) = Dir::open(places, &places.conf)? else { return Ok(false) };
    Ok(dir.names()?.iter().any(|name| name == LOCK || name.starts_with(ASIDE)))
}

/// Puts right what was left; gives what a user should know of it.
pub(in crate::install) fn recover(places: &Places) -> Result<Vec<String>, InstallError> {
    let Some(dir) = Dir::open(places, &places.conf)? else { return Ok(Vec::new()) };
    let mut told = Vec::new();
    for aside in dir.names()? {
        if let Some(left) = Left::read(&aside) {
            told.extend(left.recover(&dir, &aside)?);
            dir.flush()?;
        }
    }
    Ok(told)
}

/// A name of this kind.
struct Left<'n> {
    new: &'n str,
    expected: &'n str,
    name: &'n str,
}

impl<'n> Left<'n> {
    fn read(aside: &'n str) -> Option<Left<'n>> {
        let rest = aside.strip_prefix(ASIDE)?.strip_suffix('~')?;
        let (new, rest) = rest.split_once('.')?;
        let (expected, name) = rest.split_once('.')?;
        Some(Left { new, expected, name })
    }

    fn recover(&self, dir: &Dir, aside: &str) -> Result<Option<String>, InstallError> {
        let name = self.name;
        let held = mark(read_file(dir, aside).as_ref());
        if held == self.new || held == self.expected {
            remove(dir, aside)?;
            return Ok(None);
        }
        let current = read_file(dir, name);
        if mark(current.as_ref()) == self.new {
            match current {
                Some(_) => give_back(dir, aside, name, current)?,
                None => bring_back(dir, aside, name)?,
            }
            return Ok(Some(format!(
                "{name} is again what somebody wrote while a run of ours was killed"
            )));
        }
        let kept = format!("{PREFIX}{name}.{}.found", random()?);
        let failed = |error| InstallError::file("rename", &dir.path(aside), error);
        rename_new(dir, aside, &kept).map_err(failed)?;
        Ok(Some(format!(
            "somebody wrote {name} twice while a run of ours was killed; one version is kept as \
             {kept}: compare them, and remove it"
        )))
    }
}
