//! Files written beside, under names that nobody has and no runtime reads.

use std::fs::File as Written;
use std::io::{self, Write};
use std::os::fd::AsFd;

use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, Uid, fchmod, fchown, fstat, openat, symlinkat, unlinkat,
};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use super::super::error::InstallError;
use super::super::folder::{File, Owner, TEMP};
use super::Dir;

/// A file with a temporary name; it is removed with this, unless its name was changed.
#[derive(Debug)]
pub(super) struct Temp<'d> {
    dir: &'d Dir,
    name: String,
}

impl Temp<'_> {
    /// Writes a file, or a link, and waits until the disk has it. What could not be kept of the file is
    /// told.
    pub(super) fn write<'d>(
        dir: &'d Dir,
        file: &File,
        told: &mut Vec<String>,
    ) -> Result<Temp<'d>, InstallError> {
        loop {
            let name = format!("{TEMP}{}", random()?);
            let failed = |error| InstallError::file("write", &dir.path(&name), error);
            match create(dir, &name, file) {
                // Not ours, whoever made it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
                Ok(new) => {
                    let temp = Temp { dir, name: name.clone() };
                    if let Some(new) = new {
                        fill(new, file, told).map_err(failed)?;
                    }
                    return Ok(temp);
                }
            }
        }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// It has another name now, and stays.
    pub(super) fn stays(mut self) {
        self.name.clear();
    }
}

impl Drop for Temp<'_> {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            // What is left then goes with the next run.
            let _ = unlinkat(self.dir.as_fd(), &self.name, AtFlags::empty());
        }
    }
}

/// Sixteen characters that nobody guesses. Process ids are the same in every container.
pub(super) fn random() -> Result<String, InstallError> {
    let mut bytes = [0; 8];
    let failed = |source: Errno| InstallError::Random { source: source.into() };
    let got = getrandom(&mut bytes[..], GetRandomFlags::empty()).map_err(failed)?;
    if got < bytes.len() {
        return Err(failed(Errno::IO));
    }
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

/// Makes a link, which is complete then, or an empty file.
fn create(dir: &Dir, name: &str, file: &File) -> io::Result<Option<Written>> {
    if let Some(target) = &file.link {
        symlinkat(target, dir.as_fd(), name)?;
        return Ok(None);
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let new = openat(dir.as_fd(), name, flags, Mode::RUSR | Mode::WUSR)?;
    Ok(Some(new.into()))
}

fn fill(mut new: Written, file: &File, told: &mut Vec<String>) -> io::Result<()> {
    new.write_all(&file.bytes)?;
    if let Some(owner) = file.owner {
        give(&new, owner, told)?;
    }
    // Behind the change of owner, which takes set-id bits away.
    fchmod(&new, Mode::from_raw_mode(file.mode))?;
    new.sync_all()
}

fn give(new: &Written, owner: Owner, told: &mut Vec<String>) -> io::Result<()> {
    let own = fstat(new)?;
    if (own.st_uid, own.st_gid) == (owner.uid, owner.gid) {
        return Ok(());
    }
    match fchown(new, Some(Uid::from_raw(owner.uid)), Some(Gid::from_raw(owner.gid))) {
        Err(Errno::PERM) => {
            told.push(format!(
                "belongs to {}:{} now, and to {}:{} before: giving files away takes CAP_CHOWN",
                own.st_uid, own.st_gid, owner.uid, owner.gid
            ));
            Ok(())
        }
        result => Ok(result?),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::super::Places;
    use super::*;

    #[test]
    fn names_are_not_used_twice_and_only_its_own_file_goes() {
        let root = tempfile::tempdir().unwrap();
        let places = Places::below(root.path(), Path::new("/"), Path::new("/bin"));
        let dir = Dir::open(&places, &places.conf).unwrap().unwrap();
        let write = || Temp::write(&dir, &File::new("x", 0o640), &mut Vec::new()).unwrap();
        let [first, second] = [write(), write()];
        assert_ne!(first.name(), second.name());
        let kept = root.path().join(first.name());
        let found = fs::metadata(&kept).unwrap();
        assert_eq!((found.mode() & 0o777, found.len()), (0o640, 1));
        drop(second);
        first.stays();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
        assert!(kept.exists());
    }
}
