//! Exit codes.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// Wrong usage or policy; clap exits with the same number.
    Usage,
    /// What is there differs from what should be.
    Differs,
    /// A probe saw something fail, or could prove nothing.
    NotProven,
    /// The command to run is there but can't be executed, as env(1) says it.
    CommandRefused,
    /// There is no such command, as env(1) says it.
    CommandAbsent,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Differs => 3,
            Exit::NotProven | Exit::CommandRefused => 126,
            Exit::CommandAbsent => 127,
        })
    }
}
