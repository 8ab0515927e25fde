//! A file comes, or goes, and what had its name is looked at before it is lost.
//!
//! Others write the folder too, and no lock binds them. A comparison before a rename leaves a moment in
//! which their newer file is lost. So the two files change places in one call; what came out is
//! looked at, and given back if it is not what was read.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, RenameFlags, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::super::error::InstallError;
use super::super::folder::{ASIDE, Found};
use super::super::kept::digest;
use super::Dir;
use super::read::read_file;
use super::temp::Temp;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// Somebody else wrote the name meanwhile; what they wrote stands there.
    Overtaken,
}

/// Puts a file that is written under the name, where `expected` stands now.
pub(super) fn put(
    dir: &Dir,
    temp: Temp<'_>,
    name: &str,
    expected: Option<&Found>,
) -> Result<Outcome, InstallError> {
    if expected.is_none() {
        return match rename_new(dir, temp.name(), name) {
            Ok(()) => {
                temp.stays();
                Ok(Outcome::Done)
            }
            Err(Errno::EXIST) => Ok(Outcome::Overtaken),
            Err(error) => Err(failed(dir, name)(error)),
        };
    }
    // From here on it may hold somebody's file.
    let new = read_file(dir, temp.name());
    let aside = aside_name(new.as_ref(), expected, name);
    renameat(dir.as_fd(), temp.name(), dir.as_fd(), &aside).map_err(failed(dir, &aside))?;
    temp.stays();
    match exchange(dir, &aside, name) {
        Ok(()) => {}
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            return compare_and_rename(dir, &aside, name, expected);
        }
        Err(error) => {
            remove(dir, &aside)?;
            let is_gone = error == Errno::NOENT;
            return if is_gone { Ok(Outcome::Overtaken) } else { Err(failed(dir, name)(error)) };
        }
    }
    if read_file(dir, &aside).as_ref() == expected {
        remove(dir, &aside)?;
        return Ok(Outcome::Done);
    }
    give_back(dir, &aside, name, new)?;
    Ok(Outcome::Overtaken)
}

/// Takes the file `expected` away from under its name.
pub(super) fn take(
    dir: &Dir,
    name: &str,
    expected: Option<&Found>,
) -> Result<Outcome, InstallError> {
    let aside = aside_name(None, expected, name);
    match rename_new(dir, name, &aside) {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(Outcome::Done),
        Err(error) => return Err(failed(dir, name)(error)),
    }
    if read_file(dir, &aside).as_ref() == expected {
        remove(dir, &aside)?;
        return Ok(Outcome::Done);
    }
    bring_back(dir, &aside, name)?;
    Ok(Outcome::Overtaken)
}

/// Exchanges back, and again for as long as somebody writes meanwhile: whatever comes out that we did
/// not put there is newer than what went in. `ours` is what we left under the name.
pub(super) fn give_back(
    dir: &Dir,
    aside: &str,
    name: &str,
    mut ours: Option<Found>,
) -> Result<(), InstallError> {
    loop {
        let back = read_file(dir, aside);
        match exchange(dir, aside, name) {
            Ok(()) => {}
            // Its owner removed it meanwhile, which is their last word.
            Err(Errno::NOENT) => break,
            Err(error) => return Err(failed(dir, name)(error)),
        }
        if read_file(dir, aside) == ours {
            break;
        }
        ours = back;
    }
    remove(dir, aside)
}

/// Gives its name back to a file that was taken away; one that came meanwhile is newer.
pub(super) fn bring_back(dir: &Dir, aside: &str, name: &str) -> Result<(), InstallError> {
    match rename_new(dir, aside, name) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => remove(dir, aside),
        Err(error) => Err(failed(dir, name)(error)),
    }
}

/// On file systems that know no exchange (some network file systems): the moment between
/// comparison and rename stays.
fn compare_and_rename(
    dir: &Dir,
    aside: &str,
    name: &str,
    expected: Option<&Found>,
) -> Result<Outcome, InstallError> {
    if read_file(dir, name).as_ref() != expected {
        remove(dir, aside)?;
        return Ok(Outcome::Overtaken);
    }
    renameat(dir.as_fd(), aside, dir.as_fd(), name).map_err(failed(dir, name))?;
    Ok(Outcome::Done)
}

fn exchange(dir: &Dir, one: &str, other: &str) -> Result<(), Errno> {
    renameat_with(dir.as_fd(), one, dir.as_fd(), other, RenameFlags::EXCHANGE)
}

/// Renames to a name that nobody has.
pub(super) fn rename_new(dir: &Dir, from: &str, to: &str) -> Result<(), Errno> {
    match renameat_with(dir.as_fd(), from, dir.as_fd(), to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if dir.stat(to).is_ok() => {
            Err(Errno::EXIST)
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            renameat(dir.as_fd(), from, dir.as_fd(), to)
        }
        result => result,
    }
}

/// Removes it when the disk knows what stands in its place.
pub(super) fn remove(dir: &Dir, name: &str) -> Result<(), InstallError> {
    dir.flush()?;
    match unlinkat(dir.as_fd(), name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(InstallError::file("remove", &dir.path(name), error)),
    }
}

/// The name tells what comes, what shall go, and where; no runtime reads what ends in `~`.
fn aside_name(new: Option<&Found>, expected: Option<&Found>, name: &str) -> String {
    format!("{ASIDE}{}.{}.{name}~", mark(new), mark(expected))
}

/// A file's mark in such a name.
pub(super) fn mark(found: Option<&Found>) -> String {
    let parts = match found {
        Some(Found::File(file)) => {
            let link = file.link.as_ref().map(|link| link.as_os_str().as_encoded_bytes());
            ["file", &digest(link.unwrap_or_default()), &digest(&file.bytes)].concat()
        }
        Some(Found::Passed(why) | Found::Unknown(why)) => why.clone(),
        Some(Found::Folder) => "folder".to_owned(),
        None => "nothing".to_owned(),
    };
    digest(parts.as_bytes())[..16].to_owned()
}

fn failed(dir: &Dir, name: &str) -> impl FnOnce(Errno) -> InstallError {
    let path = dir.path(name);
    move |error| InstallError::file("replace", &path, error)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::Places;
    use super::*;

    /// Whoever wrote last, before or after the exchange, has the name in the end.
    #[test]
    fn the_last_word_stays_when_files_are_given_back() {
        for (under_the_name, wanted) in
            [(Some("ours"), Some("newer")), (Some("newest"), Some("newest")), (None, None)]
        {
            let root = tempfile::tempdir().unwrap();
            let at = |name: &str| root.path().join(name);
            let places = Places::below(root.path(), Path::new("/"), Path::new("/bin"));
            let dir = Dir::open(&places, &places.conf).unwrap().unwrap();
            fs::write(at("a.conf"), "ours").unwrap();
            let ours = read_file(&dir, "a.conf");
            fs::write(at("aside"), "newer").unwrap();
            match under_the_name {
                Some(text) => fs::write(at("a.conf"), text).unwrap(),
                None => fs::remove_file(at("a.conf")).unwrap(),
            }
            give_back(&dir, "aside", "a.conf", ours).unwrap();
            let found = fs::read_to_string(at("a.conf")).ok();
            assert_eq!(found.as_deref(), wanted);
            assert!(!at("aside").exists());
        }
    }

    #[test]
    fn what_is_taken_away_comes_back_if_it_is_another_one() {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path(), Path::new("/"), Path::new("/bin"));
        let dir = Dir::open(&places, &places.conf).unwrap().unwrap();
        fs::write(root.path().join("a.conf"), "read").unwrap();
        let read = read_file(&dir, "a.conf");
        fs::write(root.path().join("a.conf"), "newer").unwrap();
        assert_eq!(take(&dir, "a.conf", read.as_ref()).unwrap(), Outcome::Overtaken);
        assert_eq!(fs::read_to_string(root.path().join("a.conf")).unwrap(), "newer");
        let newer = read_file(&dir, "a.conf");
        assert_eq!(take(&dir, "a.conf", newer.as_ref()).unwrap(), Outcome::Done);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
