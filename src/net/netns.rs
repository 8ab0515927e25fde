//! A network namespace held by a file descriptor, and the short-lived threads that enter it.

mod error;
mod nsfs;
mod user;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, JoinHandle, scope};

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};

pub use error::NetnsError;
pub use user::UserNs;

const NAMED_IN: [&str; 2] = ["/run/netns", "/var/run/netns"];
const MINE: &str = "/proc/thread-self/ns/net";

/// A network namespace. It lives at least as long as this value.
#[derive(Debug)]
pub struct Netns {
    file: OwnedFd,
    device: u64,
    inode: u64,
}

impl Netns {
    /// The namespace of the calling thread.
    pub fn current() -> Result<Self, NetnsError> {
        Self::open("network namespace of this thread", Path::new(MINE))
    }

    /// The namespace that `ip netns` calls `name`; it must be a plain file name.
    pub fn named(name: &str) -> Result<Self, NetnsError> {
        if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) {
            return Err(NetnsError::Name { name: name.to_owned() });
        }
        let object = format!("network namespace {name:?}");
        for folder in NAMED_IN {
            match Self::open(&object, &Path::new(folder).join(name)) {
                Err(NetnsError::Open { source: Errno::ENOENT, .. }) => {}
                found => return found,
            }
        }
        Err(NetnsError::Absent { object, folder: NAMED_IN[0], known: error::known_in(&NAMED_IN) })
    }

    /// The namespace whose nsfs file is at `path`; anything else is refused.
    pub fn at(path: &Path) -> Result<Self, NetnsError> {
        Self::open("network namespace", path)
    }

    /// The namespace of the process `pid`.
    pub fn of_pid(pid: u32) -> Result<Self, NetnsError> {
        let object = format!("network namespace of process {pid}");
        match Self::open(&object, &PathBuf::from(format!("/proc/{pid}/ns/net"))) {
            Err(NetnsError::Open { source: Errno::ENOENT, .. }) => {
                Err(NetnsError::NoProcess { pid })
            }
            opened => opened,
        }
    }

    /// A new namespace without a name: it ends with this value and the last socket and thread in it.
    pub fn anonymous() -> Result<Self, NetnsError> {
        on_a_thread("create a network namespace", || {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|source| NetnsError::Create { source })?;
            Self::current()
        })
    }

    /// Runs `job` in this namespace, on a thread that ends with it, and waits for it.
    ///
    /// A panic of the job goes on in the caller.
    pub fn run<T: Send>(&self, job: impl FnOnce() -> T + Send) -> Result<T, NetnsError> {
        on_a_thread("run in a network namespace", || {
            self.enter()?;
            Ok(job())
        })
    }

    /// Takes the calling thread into this namespace for good: a thread that ends with its work, or a program
    /// that has nothing to do anywhere else and ends.
    ///
    /// # Errors
    /// The kernel refused: it takes `CAP_SYS_ADMIN` here and where the namespace is owned (setns(2)).
    pub fn enter(&self) -> Result<(), NetnsError> {
        setns(&self.file, CloneFlags::CLONE_NEWNET)
            .map_err(|source| NetnsError::Enter { inode: self.inode, source })
    }

    /// Starts `job` in this namespace, on a thread of its own called `name`, and does not wait for
    /// its end. The thread keeps the namespace alive.
    pub fn spawn(
        &self,
        name: &str,
        job: impl FnOnce() + Send + 'static,
    ) -> Result<JoinHandle<()>, NetnsError> {
        let failed =
            |source| NetnsError::Thread { operation: "spawn into a network namespace", source };
        let target = self.try_clone()?;
        let (entered, answer) = sync_channel(1);
        let thread = Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let result = target.enter();
                drop(target);
                let proceed = result.is_ok();
                if entered.send(result).is_ok() && proceed {
                    job();
                }
            })
            .map_err(failed)?;
        match answer.recv() {
            Ok(result) => result.map(|()| thread),
            Err(silent) => Err(failed(io::Error::other(silent))),
        }
    }

    /// Another handle on the same namespace.
    pub fn try_clone(&self) -> Result<Self, NetnsError> {
        let file = self.file.try_clone().map_err(|source| self.inspect("dup", errno(&source)))?;
        Ok(Self { file, ..*self })
    }

    /// Device and inode of the namespace. The kernel gives an inode away again at once when the
    /// namespace is gone: only comparable while both are held.
    pub fn id(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// The namespace's cookie, unique per boot; `None` on kernels below 5.14.
    pub fn cookie(&self) -> Result<Option<u64>, NetnsError> {
        match self.run(nsfs::cookie)? {
            Ok(cookie) => Ok(Some(cookie)),
            Err(Errno::ENOPROTOOPT) => Ok(None),
            Err(source) => Err(self.inspect("read the cookie", source)),
        }
    }

    /// Whether this is the machine's first namespace, the host's own.
    pub fn is_initial(&self) -> Result<bool, NetnsError> {
        self.run(here_is_initial)?
    }

    fn open(object: &str, path: &Path) -> Result<Self, NetnsError> {
        let (file, device, inode) = nsfs::open_network(object, path)?;
        Ok(Self { file, device, inode })
    }

    fn inspect(&self, operation: &'static str, source: Errno) -> NetnsError {
        NetnsError::Inspect { object: nsfs::label(self.inode), operation, source }
    }
}

/// Whether the calling thread is in the machine's first namespace, the host's own.
///
/// # Errors
/// No proc file system is there to answer.
pub fn here_is_initial() -> Result<bool, NetnsError> {
    // netdev_budget exists in the initial namespace only, somaxconn in all of them (6.18):
    // without the second, no proc file system is there to answer, which is not a "no".
    let exists =
        |path: &str| Path::new(path).try_exists().map_err(|source| unanswered(errno(&source)));
    match (exists("/proc/sys/net/core/netdev_budget")?, exists("/proc/sys/net/core/somaxconn")?) {
        (initial, true) => Ok(initial),
        (_, false) => Err(unanswered(Errno::ENOENT)),
    }
}

fn unanswered(source: Errno) -> NetnsError {
    NetnsError::Inspect {
        object: "network namespace of this thread".to_owned(),
        operation: "look into /proc/sys/net",
        source,
    }
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn on_a_thread<T: Send>(
    operation: &'static str,
    job: impl FnOnce() -> Result<T, NetnsError> + Send,
) -> Result<T, NetnsError> {
    scope(|threads| {
        Builder::new()
            .name("netns".to_owned())
            .spawn_scoped(threads, job)
            .map_err(|source| NetnsError::Thread { operation, source })?
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))
    })
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or_default())
}
