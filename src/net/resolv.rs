//! The name servers that processes with a given root directory ask.

mod parse;

use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, SFlag, fstat};

/// Below the root.
const FILE: &str = "etc/resolv.conf";
/// The longest file that is read, in bytes; a real one has a few hundred.
const LONGEST: u64 = 64 * 1024;
/// How often a path is walked again that was moved while the kernel walked it.
const WALKS: usize = 8;

/// Why name servers are not known.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ResolvError {
    /// There is no such file, or the path to it ends in nothing.
    #[error(
        "there is no {FILE} in {}; name the DNS servers, or leave them out to capture all",
        root.display()
    )]
    Absent {
        /// The root directory.
        root: PathBuf,
    },
    /// The root directory can't be opened.
    #[error("can't open the root directory {}: {source}", root.display())]
    Root {
        /// The root directory.
        root: PathBuf,
        /// Why not.
        source: Errno,
    },
    /// The file can't be opened.
    #[error("can't open {FILE} in {}: {source}{}", root.display(), advice(*source))]
    Open {
        /// The root directory.
        root: PathBuf,
        /// Why not.
        source: Errno,
    },
    /// There is something else in its place.
    #[error("{FILE} in {} is not a regular file", root.display())]
    NotAFile {
        /// The root directory.
        root: PathBuf,
    },
    /// It is too long to be one.
    #[error("{FILE} in {} is longer than {} KiB", root.display(), LONGEST / 1024)]
    TooLong {
        /// The root directory.
        root: PathBuf,
    },
    /// It can't be read.
    #[error("can't read {FILE} in {}: {source}", root.display())]
    Read {
        /// The root directory.
        root: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

fn advice(source: Errno) -> &'static str {
    match source == Errno::ELOOP {
        true => " (a circle of links, or a link of /proc, which is not followed)",
        false => "",
    }
}

/// The name servers of `etc/resolv.conf` below `root`, in its order, each once, as the C library
/// (glibc) reads them, but all of them: glibc asks the first three. A zone (`%eth0`) is left out.
/// IPv4-mapped addresses are made plain. Without any, programs ask the loopback address.
///
/// Nothing outside of `root` is ever opened: it may be the file system of a pod, and whoever can
/// write into it may put links there. They are followed as if `root` were `/`. Nothing but a
/// regular file is opened for reading.
///
/// # Errors
/// The file is not there, is none, can't be read, or is too long.
pub fn name_servers(root: &Path) -> Result<Vec<IpAddr>, ResolvError> {
    let named = || root.to_owned();
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let folder = open(root, flags, Mode::empty())
        .map_err(|source| ResolvError::Root { root: named(), source })?;
    let place = find(&folder, Path::new(FILE)).map_err(|source| match source == Errno::ENOENT {
        true => ResolvError::Absent { root: named() },
        false => ResolvError::Open { root: named(), source },
    })?;
    let facts = fstat(&place).map_err(|source| ResolvError::Open { root: named(), source })?;
    if SFlag::from_bits_truncate(facts.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
        return Err(ResolvError::NotAFile { root: named() });
    }
    let file = reopen(&place).map_err(|source| ResolvError::Open { root: named(), source })?;
    let mut text = Vec::new();
    let read = File::from(file).take(LONGEST + 1).read_to_end(&mut text);
    let length = read.map_err(|source| ResolvError::Read { root: named(), source })?;
    if u64::try_from(length).is_ok_and(|length| length <= LONGEST) {
        Ok(parse::name_servers(&text))
    } else {
        Err(ResolvError::TooLong { root: named() })
    }
}

/// Finds what is at `path` below `folder` without opening it: opening a device has effects of its own.
fn find(folder: &impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    for _ in 0..WALKS {
        // EAGAIN: something was renamed while the kernel walked through a `..`.
        match openat2(folder, path, how) {
            Err(Errno::EAGAIN) => {}
            answer => return answer,
        }
    }
    Err(Errno::EAGAIN)
}

/// Opens what `place` holds for reading.
fn reopen(place: &OwnedFd) -> Result<OwnedFd, Errno> {
    let path = format!("/proc/thread-self/fd/{}", place.as_raw_fd());
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    open(path.as_str(), flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::unistd::mkfifo;
    use tempfile::{TempDir, tempdir};

    use super::*;

    const FILE_OF_OTHERS: &str = "nameserver 192.0.2.66\n";

    /// A root with `etc/`, beside a file that is not its own.
    fn root() -> (TempDir, PathBuf) {
        let folder = tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(folder.path().join("outside"), FILE_OF_OTHERS).unwrap();
        (folder, root)
    }

    fn servers(root: &Path) -> Vec<String> {
        name_servers(root).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_plain_file_is_read() {
        let (_folder, root) = root();
        fs::write(root.join(FILE), "search x\nnameserver 10.96.0.10\nnameserver fd00::a\n")
            .unwrap();
        assert_eq!(servers(&root), ["10.96.0.10", "fd00::a"]);
        fs::write(root.join(FILE), "").unwrap();
        assert!(servers(&root).is_empty());
    }

    #[test]
    fn links_stay_inside() {
        let (folder, root) = root();
        fs::create_dir_all(root.join("run")).unwrap();
        fs::write(root.join("run/x"), "nameserver 10.0.0.1").unwrap();
        fs::write(root.join("outside"), "nameserver 10.0.0.2").unwrap();
        let outside = folder.path().join("outside");
        for (link, wanted) in [
            ("/run/x", Some("10.0.0.1")),
            ("../run/x", Some("10.0.0.1")),
            ("../../../../../../run/x", Some("10.0.0.1")),
            // Above the root is the root.
            ("../../outside", Some("10.0.0.2")),
            (outside.to_str().unwrap(), None),
            ("/nowhere", None),
        ] {
            symlink(link, root.join(FILE)).unwrap();
            match wanted {
                Some(wanted) => assert_eq!(servers(&root), [wanted], "{link}"),
                None => {
                    let error = name_servers(&root).unwrap_err();
                    assert!(matches!(error, ResolvError::Absent { .. }), "{link}: {error}");
                }
            }
            fs::remove_file(root.join(FILE)).unwrap();
        }
    }

    #[test]
    fn a_folder_that_is_a_link_stays_inside() {
        let (folder, root) = root();
        fs::remove_dir(root.join("etc")).unwrap();
        fs::create_dir(folder.path().join("etc")).unwrap();
        fs::write(folder.path().join(FILE), FILE_OF_OTHERS).unwrap();
        for link in ["../etc", "../../etc", folder.path().join("etc").to_str().unwrap()] {
            symlink(link, root.join("etc")).unwrap();
            let error = name_servers(&root).unwrap_err();
            assert!(!matches!(error, ResolvError::Read { .. }), "{link}: {error}");
            fs::remove_file(root.join("etc")).unwrap();
        }
    }

    #[test]
    fn links_of_proc_are_not_followed() {
        // Such a link leads to a file itself, wherever that is.
        let (folder, root) = root();
        let file = File::open(folder.path().join("outside")).unwrap();
        let own = Path::new("/proc/self/fd").join(file.as_raw_fd().to_string());
        assert_eq!(fs::read_to_string(&own).unwrap(), FILE_OF_OTHERS);
        symlink(own.strip_prefix("/proc").unwrap(), root.join(FILE)).unwrap();
        assert!(matches!(name_servers(&root).unwrap_err(), ResolvError::Absent { .. }));
        let proc = File::open("/proc").unwrap();
        let found = find(&proc, own.strip_prefix("/proc").unwrap());
        assert_eq!(found.unwrap_err(), Errno::ELOOP);
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        type Make = fn(&Path);
        let makers: [Make; 3] = [
            |path| mkfifo(path, Mode::S_IRUSR).unwrap(),
            |path| fs::create_dir(path).unwrap(),
            |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        ];
        for make in makers {
            let (_folder, root) = root();
            make(&root.join(FILE));
            let error = name_servers(&root).unwrap_err();
            assert!(matches!(error, ResolvError::NotAFile { .. }), "{error}");
        }
    }

    #[test]
    fn a_huge_file_is_refused_and_the_longest_is_read() {
        let (_folder, root) = root();
        let mut text = b"nameserver 10.0.0.1\n".to_vec();
        text.resize(64 * 1024, b'#');
        fs::write(root.join(FILE), &text).unwrap();
        assert_eq!(servers(&root), ["10.0.0.1"]);
        text.push(b'#');
        fs::write(root.join(FILE), &text).unwrap();
        let error = name_servers(&root).unwrap_err().to_string();
        let place = root.display();
        assert_eq!(error, format!("etc/resolv.conf in {place} is longer than 64 KiB"));
        File::create(root.join(FILE)).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(name_servers(&root).unwrap_err(), ResolvError::TooLong { .. }));
    }

    #[test]
    fn what_is_missing_and_what_goes_in_circles_is_named() {
        let (_folder, root) = root();
        let error = name_servers(&root).unwrap_err().to_string();
        assert!(error.starts_with(&format!("there is no etc/resolv.conf in {}", root.display())));
        symlink("resolv.conf", root.join(FILE)).unwrap();
        let error = name_servers(&root).unwrap_err().to_string();
        assert!(error.contains("ELOOP"), "{error}");
        let error = name_servers(&root.join("none")).unwrap_err();
        assert!(matches!(error, ResolvError::Root { .. }), "{error}");
    }
}
