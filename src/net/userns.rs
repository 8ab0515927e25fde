//! A user namespace for a process without privileges: there it is root, over what it makes there.

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use thiserror::Error;

/// The numbers of CAP_SETGID, CAP_SETUID, CAP_NET_ADMIN and CAP_SYS_ADMIN (linux/capability.h).
const NEEDED: [u32; 4] = [6, 7, 12, 21];
const STATUS: &str = "/proc/thread-self/status";
const SYSCTLS: &str = "/proc/sys";

/// Settings by which a kernel forbids user namespaces, the value that does, and one that does not.
const FORBIDDING: [(&str, &str, &str); 3] = [
    ("user/max_user_namespaces", "0", "1000"),
    // Debian's and Arch's kernels.
    ("kernel/unprivileged_userns_clone", "0", "1"),
    // Ubuntu's since 23.10: the namespace can be made, but gives no capabilities.
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
];

/// A failure to make a user namespace, or to learn whether one is needed.
#[derive(Debug, Error)]
pub enum UsernsError {
    /// The kernel does not tell which capabilities there are.
    #[error("read the capabilities in {STATUS}: {source}")]
    Capabilities {
        /// Why not.
        source: io::Error,
    },
    /// The kernel refused.
    #[error("make a user namespace: {operation}: {source}; {advice}")]
    Make {
        /// What was tried.
        operation: String,
        /// Why not.
        source: io::Error,
        /// What can be done about it.
        advice: String,
    },
}

/// Whether the calling thread may make network namespaces, set them up, and act as any user:
/// CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_SETUID and CAP_SETGID, all in force.
///
/// # Errors
/// No proc file system is there to answer.
pub fn is_privileged() -> Result<bool, UsernsError> {
    let status =
        fs::read_to_string(STATUS).map_err(|source| UsernsError::Capabilities { source })?;
    let unreadable = || UsernsError::Capabilities { source: io::ErrorKind::InvalidData.into() };
    let effective = effective(&status).ok_or_else(unreadable)?;
    Ok(NEEDED.iter().all(|number| effective & (1 << number) != 0))
}

/// Moves the process into a user namespace of its own, where its user and group are root and
/// there are no others. Threads that it starts afterwards are there too.
///
/// # Errors
/// The process has other threads; or the kernel, a security module or a container's filter allows
/// no user namespaces. Where writing the map fails, the process is in a namespace in which it is
/// nobody, and can only end.
pub fn enter_own() -> Result<(), UsernsError> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)
        .map_err(|error| failed("unshare".to_owned(), error.into()))?;
    // A group may be mapped without privileges only when groups can't be dropped (3.19).
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("0 {uid} 1"))?;
    write("/proc/self/gid_map", &format!("0 {gid} 1"))
}

fn write(path: &str, text: &str) -> Result<(), UsernsError> {
    fs::write(path, text).map_err(|source| failed(format!("write {path}"), source))
}

fn failed(operation: String, source: io::Error) -> UsernsError {
    let read = |name: &str| fs::read_to_string(format!("{SYSCTLS}/{name}")).ok();
    let advice = advice(source.raw_os_error().map(Errno::from_raw), read);
    UsernsError::Make { operation, source, advice }
}

/// What can be done, by the error and by the settings under /proc/sys.
fn advice(error: Option<Errno>, read: impl Fn(&str) -> Option<String>) -> String {
    if error == Some(Errno::EINVAL) {
        return "the process must have one thread only".to_owned();
    }
    for (name, forbids, allows) in FORBIDDING {
        if read(name).is_some_and(|value| value.trim() == forbids) {
            let name = name.replace('/', ".");
            return format!(
                "{name} is {forbids}: run this as root, or let users make them (`sysctl -w \
                 {name}={allows}` as root)"
            );
        }
    }
    if error == Some(Errno::ENOSPC) {
        return "there are as many as user.max_user_namespaces allows, or they are 32 deep: run \
                this as root"
            .to_owned();
    }
    "a container's seccomp filter, a chroot or a security module forbids it: run this as root \
     outside of it"
        .to_owned()
}

/// The capabilities in force, a bit each, of proc(5)'s `status`.
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_from_the_status() {
        let status = "Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t00000000002010c0\n";
        let effective = effective(status).unwrap();
        assert!(NEEDED.iter().all(|number| effective & (1 << number) != 0));
        assert_eq!(effective.count_ones(), 4);
        assert_eq!(super::effective("Name:\tx\n"), None);
    }

    #[test]
    fn the_setting_that_forbids_is_named() {
        for (name, forbids, allows) in FORBIDDING {
            let said = |value: &str| {
                let read = |asked: &str| (asked == name).then(|| format!("{value}\n"));
                advice(Some(Errno::EPERM), read)
            };
            let dotted = name.replace('/', ".");
            assert!(said(forbids).starts_with(&format!("{dotted} is {forbids}: run this as root")));
            assert!(said(forbids).contains(&format!("sysctl -w {dotted}={allows}")));
            assert!(said(allows).contains("seccomp"));
        }
        assert!(advice(Some(Errno::ENOSPC), |_| None).contains("max_user_namespaces"));
        assert!(advice(Some(Errno::EINVAL), |_| None).contains("one thread"));
    }
}
