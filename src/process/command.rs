//! Becoming another program.

use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::execvp;

/// A program that could not be started.
#[derive(Debug, thiserror::Error)]
#[error("run {}: {source}{}", name.display(), advice(*source))]
pub struct CommandError {
    /// Its name, as it was given.
    pub name: OsString,
    /// What the kernel said.
    pub source: Errno,
}

impl CommandError {
    /// Whether there is no such program; else it is there, but can't be executed.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.source == Errno::ENOENT
    }
}

fn advice(source: Errno) -> &'static str {
    match source == Errno::EACCES {
        true => " (the file, or a directory on the way, is closed to the user that this now is)",
        false => "",
    }
}

/// Makes this process run `command`: a path, or a name that is looked for in `PATH`, and its
/// arguments. It keeps its number, its open standard streams and its environment, and returns only
/// where it fails.
///
/// # Errors
/// The program is not there or can't be executed.
pub fn become_command(command: &[OsString]) -> Result<Infallible, CommandError> {
    let name = command.first().cloned().unwrap_or_default();
    let words: Result<Vec<CString>, _> =
        command.iter().map(|word| CString::new(word.as_bytes())).collect();
    let run = || {
        let words = words.map_err(|_| Errno::EINVAL)?;
        listen_to_broken_pipes()?;
        execvp(words.first().ok_or(Errno::ENOENT)?, &words)
    };
    run().map_err(|source| CommandError { name, source })
}

/// A signal that is ignored stays so in the next program, and Rust's runtime ignores SIGPIPE.
fn listen_to_broken_pipes() -> Result<(), Errno> {
    #[expect(unsafe_code, reason = "a handler could be unsound; the default is none")]
    // SAFETY: SIG_DFL is no function of ours, and nothing here relies on SIGPIPE.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.map(drop)
}
