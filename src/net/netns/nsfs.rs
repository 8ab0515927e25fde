//! What a descriptor tells about the namespace behind it, and what a path holds that is none.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::sys::socket::sockopt::GetStruct;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, getsockopt, socket};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::sys::statfs::{NSFS_MAGIC, fstatfs};

use super::NetnsError;

const NETWORK: &str = "a network namespace";

// Not in the libc crate; the same number on every architecture but sparc and parisc.
const SO_NETNS_COOKIE: libc::c_int = 71;

#[derive(Clone, Copy)]
struct NetnsCookie;

nix::getsockopt_impl!(NetnsCookie, libc::SOL_SOCKET, SO_NETNS_COOKIE, u64, GetStruct<u64>);

mod request {
    nix::ioctl_none!(
        /// NS_GET_NSTYPE of linux/nsfs.h.
        get_nstype,
        0xb7,
        3
    );
    nix::ioctl_none!(
        /// NS_GET_USERNS of linux/nsfs.h: a descriptor of the user namespace that owns this one.
        get_userns,
        0xb7,
        1
    );
    nix::ioctl_none!(
        /// NS_GET_PARENT of linux/nsfs.h: a descriptor of the namespace above this one.
        get_parent,
        0xb7,
        2
    );
}

/// The user namespace that owns the namespace `file`; `None` if it is not the caller's own or
/// below that.
pub(super) fn owner(file: &OwnedFd) -> Result<Option<OwnedFd>, Errno> {
    #[expect(unsafe_code, reason = "nix has no wrapper for NS_GET_USERNS")]
    // SAFETY: the request takes no argument, and `file` is an open descriptor.
    let answer = unsafe { request::get_userns(file.as_raw_fd()) };
    descriptor(answer)
}

/// The user namespace above the user namespace `file`; `None` if there is none, or if it is not
/// the caller's own or below that.
pub(super) fn parent(file: &OwnedFd) -> Result<Option<OwnedFd>, Errno> {
    #[expect(unsafe_code, reason = "nix has no wrapper for NS_GET_PARENT")]
    // SAFETY: the request takes no argument, and `file` is an open descriptor.
    let answer = unsafe { request::get_parent(file.as_raw_fd()) };
    descriptor(answer)
}

fn descriptor(answer: Result<i32, Errno>) -> Result<Option<OwnedFd>, Errno> {
    match answer {
        #[expect(unsafe_code, reason = "the kernel has just made this descriptor for us")]
        // SAFETY: both requests return a new descriptor, which nobody else knows.
        Ok(number) => Ok(Some(unsafe { OwnedFd::from_raw_fd(number) })),
        Err(Errno::EPERM) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Opens `path` and gives descriptor, device and inode, if it is a network namespace.
pub(super) fn open_network(object: &str, path: &Path) -> Result<(OwnedFd, u64, u64), NetnsError> {
    let owner = || (object.to_owned(), path.to_owned());
    let inspect = |operation, source| NetnsError::Inspect {
        object: format!("{object} at {}", path.display()),
        operation,
        source,
    };
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = open(path, flags, Mode::empty()).map_err(|source| {
        let (object, path) = owner();
        NetnsError::Open { object, path, source }
    })?;
    let facts = fstat(&file).map_err(|source| inspect("fstat", source))?;
    let system = fstatfs(&file).map_err(|source| inspect("fstatfs", source))?;
    let found = if system.filesystem_type() == NSFS_MAGIC {
        namespace_kind(&file).map_err(|source| inspect("NS_GET_NSTYPE", source))?
    } else {
        file_kind(SFlag::from_bits_truncate(facts.st_mode))
    };
    if found == NETWORK {
        return Ok((file, facts.st_dev, facts.st_ino));
    }
    let (object, path) = owner();
    Err(NetnsError::NotNetwork { object, path, found })
}

/// The name that the kernel prints for a network namespace.
pub(super) fn label(inode: u64) -> String {
    format!("network namespace net:[{inode}]")
}

/// The cookie of the calling thread's namespace.
pub(super) fn cookie() -> Result<u64, Errno> {
    let (kind, flags) = (SockType::Datagram, SockFlag::SOCK_CLOEXEC);
    getsockopt(&socket(AddressFamily::Unix, kind, flags, None)?, NetnsCookie)
}

fn namespace_kind(file: &OwnedFd) -> Result<&'static str, Errno> {
    #[expect(unsafe_code, reason = "nix has no wrapper for NS_GET_NSTYPE")]
    // SAFETY: the request takes no argument, and `file` is an open descriptor.
    let kind = unsafe { request::get_nstype(file.as_raw_fd()) }?;
    Ok(match kind {
        libc::CLONE_NEWNET => NETWORK,
        libc::CLONE_NEWNS => "a mount namespace",
        libc::CLONE_NEWPID => "a PID namespace",
        libc::CLONE_NEWUSER => "a user namespace",
        libc::CLONE_NEWUTS => "a UTS namespace",
        libc::CLONE_NEWIPC => "an IPC namespace",
        libc::CLONE_NEWCGROUP => "a cgroup namespace",
        _ => "a namespace of another kind",
    })
}

fn file_kind(mode: SFlag) -> &'static str {
    let kinds = [
        (SFlag::S_IFREG, "a regular file"),
        (SFlag::S_IFDIR, "a directory"),
        (SFlag::S_IFIFO, "a pipe"),
        (SFlag::S_IFCHR, "a character device"),
        (SFlag::S_IFBLK, "a block device"),
    ];
    let found = kinds.iter().find(|(kind, _)| mode & SFlag::S_IFMT == *kind);
    found.map_or("a file of another kind", |(_, name)| name)
}
