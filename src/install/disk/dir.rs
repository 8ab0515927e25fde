//! A folder of the node, opened so that no link leads out of the root.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Mode, OFlags, ResolveFlags, Stat, fstat, mkdirat, openat2, readlinkat, statat,
};
use rustix::io::Errno;

use super::super::error::InstallError;
use super::Places;

/// How often a path is resolved anew while folders on it move.
const TRIES: usize = 32;

/// An open folder.
#[derive(Debug)]
pub(in crate::install) struct Dir {
    root: Root,
    below: PathBuf,
    fd: OwnedFd,
    path: PathBuf,
}

#[derive(Debug)]
struct Root {
    fd: OwnedFd,
    resolve: ResolveFlags,
}

impl Dir {
    /// The folder; `None` where it is not there.
    pub(in crate::install) fn open(
        places: &Places,
        path: &Path,
    ) -> Result<Option<Dir>, InstallError> {
        let failed = |error| InstallError::file("open the folder", path, error);
        let root = match Root::open(&places.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            root => root.map_err(failed)?,
        };
        let below = path.strip_prefix(&places.root).unwrap_or(path).to_owned();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        match root.open_below(&below, flags) {
            Ok(fd) => Ok(Some(Dir { root, below, fd, path: path.to_owned() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match root.leads_nowhere(&below) {
                    Some((part, link)) => {
                        let (path, root) = (places.root.join(part), places.root.clone());
                        Err(InstallError::LeadsNowhere { path, link, root })
                    }
                    None => Ok(None),
                }
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The folder, made with those above it where it is not there.
    pub(super) fn make(places: &Places, path: &Path) -> Result<Dir, InstallError> {
        if let Some(found) = Dir::open(places, path)? {
            return Ok(found);
        }
        let failed = |error| InstallError::file("make the folder", path, error);
        let root = Root::open(&places.root).map_err(failed)?;
        let below = path.strip_prefix(&places.root).unwrap_or(path);
        root.make(below).map_err(failed)?;
        let gone = || failed(io::ErrorKind::NotFound.into());
        Dir::open(places, path)?.ok_or_else(gone)
    }

    /// The path of a name in it, for people.
    pub(in crate::install) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder itself, as a path for this process only.
    pub(in crate::install) fn own_path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.fd.as_raw_fd()).into()
    }

    /// All names in it.
    pub(super) fn names(&self) -> Result<Vec<String>, InstallError> {
        let failed = |error: Errno| InstallError::file("read", &self.path, error);
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// What the name itself is.
    pub(super) fn stat(&self, name: &str) -> io::Result<Stat> {
        Ok(statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Where a link of this name leads, as it is written there.
    pub(super) fn link(&self, name: &str) -> io::Result<PathBuf> {
        let text = readlinkat(&self.fd, name, Vec::new())?.into_bytes();
        Ok(std::ffi::OsString::from_vec(text).into())
    }

    /// What stands under the name, links followed below the root.
    pub(in crate::install) fn follow(&self, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
        self.root.open_below(&self.below.join(name), flags)
    }

    /// A file to read; nothing that reading would wait for.
    pub(super) fn file(&self, name: &str) -> io::Result<(File, Stat)> {
        let fd = self.follow(name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let stat = fstat(&fd)?;
        Ok((fd.into(), stat))
    }

    /// Whether a link that leads nowhere does so within the folder, which is here as it is on the
    /// host. What is outside of it may be there and not be mounted here.
    pub(super) fn lacks_target(&self, link: &Path) -> bool {
        let first = link.components().next().map(|part| part.as_os_str().to_owned());
        let is_name = |part: &OsStr| part != "/" && part != ".." && part != ".";
        first.is_some_and(|part| {
            let found = statat(&self.fd, &part, AtFlags::SYMLINK_NOFOLLOW);
            is_name(&part) && found.is_err_and(|error| error == Errno::NOENT)
        })
    }

    /// Waits until the disk has what was done to its names.
    pub(super) fn flush(&self) -> Result<(), InstallError> {
        let failed = |error| InstallError::file("flush", &self.path, error);
        rustix::fs::fsync(&self.fd).map_err(failed)
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Root {
    fn open(path: &Path) -> io::Result<Root> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty())?;
        let is_whole = path == Path::new("/");
        // The whole tree can't be left, and links of /proc, which lead anywhere, may be named there.
        let resolve = if is_whole { ResolveFlags::empty() } else { ResolveFlags::IN_ROOT };
        Ok(Root { fd, resolve })
    }

    fn open_below(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let flags = flags | OFlags::CLOEXEC;
        for _ in 0..TRIES {
            match openat2(&self.fd, path, flags, Mode::empty(), self.resolve) {
                // Something moved meanwhile, and the kernel can't say that it stays below.
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return Ok(result?),
            }
        }
        Err(Errno::AGAIN.into())
    }

    /// The first part of the path that is a link to nothing, and what it says.
    fn leads_nowhere(&self, path: &Path) -> Option<(PathBuf, PathBuf)> {
        let mut parts: Vec<&Path> = path.ancestors().collect();
        parts.reverse();
        parts.into_iter().find_map(|part| {
            let own = self.open_below(part, OFlags::PATH | OFlags::NOFOLLOW).ok()?;
            let is_gone = self.open_below(part, OFlags::PATH).is_err();
            let text = readlinkat(&own, "", Vec::new()).ok().filter(|_| is_gone)?;
            Some((part.to_owned(), std::ffi::OsString::from_vec(text.into_bytes()).into()))
        })
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        let mut done = PathBuf::new();
        for part in path.components() {
            let above = self.open_below(&done, OFlags::PATH | OFlags::DIRECTORY)?;
            match mkdirat(&above, part.as_os_str(), Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => done.push(part),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_stay_below_the_root() {
        let host = tempfile::tempdir().unwrap();
        let at = |path: &str| host.path().join(path);
        fs::create_dir_all(at("root/etc")).unwrap();
        fs::create_dir_all(at("root/var/conf")).unwrap();
        fs::create_dir_all(at("outside")).unwrap();
        symlink("/var/conf", at("root/etc/absolute")).unwrap();
        symlink("../../var/../../var/conf", at("root/etc/relative")).unwrap();
        symlink(at("outside"), at("root/etc/outside")).unwrap();
        let places = |name: &str| Places::below(&at("root"), Path::new(name), Path::new("/bin"));
        let open = |name: &str| Dir::open(&places(name), &places(name).conf);
        let conf = fs::metadata(at("root/var/conf")).unwrap();
        for name in ["/etc/absolute", "/etc/relative"] {
            let found = fs::metadata(open(name).unwrap().unwrap().own_path()).unwrap();
            use std::os::unix::fs::MetadataExt;
            assert_eq!(found.ino(), conf.ino(), "{name}");
        }
        assert!(open("/etc/none").unwrap().is_none());
        for name in ["/etc/outside", "/etc/outside/x"] {
            let error = open(name).unwrap_err().to_string();
            assert!(error.contains("is a link to") && error.contains("below"), "{error}");
            assert!(Dir::make(&places(name), &places(name).conf).is_err(), "{name}");
        }
        Dir::make(&places("/etc/absolute/a/b"), &places("/etc/absolute/a/b").conf).unwrap();
        assert!(at("root/var/conf/a/b").is_dir());
        assert_eq!(fs::read_dir(at("outside")).unwrap().count(), 0);
    }
}
