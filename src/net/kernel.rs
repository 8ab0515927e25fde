//! The kernel's release.

use std::fmt;
use std::io;

/// The oldest release that has all that capture needs (comments on tables and chains, redirect
/// in `inet` nat chains).
pub const OLDEST: Release = Release { major: 5, minor: 10 };

/// The first two numbers of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The first.
    pub major: u32,
    /// The second.
    pub minor: u32,
}

/// Why capture can't work on this kernel.
#[derive(Debug, thiserror::Error)]
pub enum KernelTooOld {
    /// The release is below [`OLDEST`].
    #[error("this kernel is {found}; nftdivert needs Linux {OLDEST} or newer")]
    Release {
        /// What runs.
        found: String,
    },
    /// The kernel does not say what it is.
    #[error("can't read the kernel's release: {source}")]
    Unreadable {
        /// Why.
        source: io::Error,
    },
}

impl Release {
    /// Reads the start of a release such as `6.1.0-18-amd64`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(Self { major, minor })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The release that runs; `None` where the kernel names it in a way that can't be understood.
#[must_use]
pub fn running() -> Option<Release> {
    let name = nix::sys::utsname::uname().ok()?;
    Release::parse(&name.release().to_string_lossy())
}

/// Refuses kernels that are too old. A release that can't be understood is let pass: the kernel
/// itself will say what it does not know.
///
/// # Errors
/// The kernel is older than [`OLDEST`].
pub fn check() -> Result<(), KernelTooOld> {
    let name = nix::sys::utsname::uname()
        .map_err(|errno| KernelTooOld::Unreadable { source: errno.into() })?;
    check_text(&name.release().to_string_lossy())
}

fn check_text(text: &str) -> Result<(), KernelTooOld> {
    match Release::parse(text) {
        Some(release) if release < OLDEST => Err(KernelTooOld::Release { found: text.to_owned() }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_releases_are_refused_by_name() {
        for old in ["5.9.16", "4.18.0-553.el8.x86_64", "5.4.0-150-generic"] {
            assert!(check_text(old).unwrap_err().to_string().contains(old));
        }
        for new in ["5.10.0-8-amd64", "6.18.44-fc-v657", "7.2-rc1", "custom"] {
            assert!(check_text(new).is_ok(), "{new}");
        }
    }
}
