//! Errors of the command line, and how they are shown.

use std::io;

use serde_json::json;

use crate::apply::ApplyError;
use crate::demo::story::StoryError;
use crate::install::InstallError;
use crate::net::ids::IdsError;
use crate::net::netns::NetnsError;
use crate::policy::{Fault, PolicyError};
use crate::process::cgroup::CgroupError;
use crate::process::command::CommandError;
use crate::process::ending::EndingError;
use crate::process::user::UserError;
use crate::trace::TraceError;
use crate::verify::probe::ProbeError;

use super::exit::Exit;
use super::output::{ERROR, Output};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The policy is wrong.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The policy can't be read.
    #[error("can't read the policy file {path}: {source}")]
    PolicyFile {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The plugin's entry can't be read.
    #[error("can't read the entry file {path}: {source}")]
    EntryFile {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The plugin's entry is wrong: no pod would start with it.
    #[error("{}", faults_text("the plugin's entry", .0))]
    Entry(Vec<Fault>),
    /// Words stand between the program's name and `istio-iptables` that do not belong there.
    #[error("write istio-iptables right behind the program's name, or behind --output and --log-*")]
    Misplaced,
    /// The flags say no packet.
    #[error("{}", faults_text("the packet", .0))]
    Packet(Vec<Fault>),
    /// There are no rules of ours to explain.
    #[error(
        "nothing is applied in {place}; without --netns, --pid and --host, explain tells what the \
         policy's rules would do"
    )]
    NotApplied {
        /// The namespace.
        place: String,
    },
    /// The namespace that was named can't be used.
    #[error(transparent)]
    Target(NetnsError),
    /// Whose ids the process has can't be known.
    #[error(transparent)]
    Ids(#[from] IdsError),
    /// The work failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The probe can't begin.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Nothing could be traced.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The node's folders are not as they should be.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The end can't be waited for.
    #[error(transparent)]
    Ending(#[from] EndingError),
    /// The demo failed.
    #[error("the demo failed: {0}")]
    Demo(#[from] StoryError),
    /// The group can't be joined.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    /// The user can't be become.
    #[error(transparent)]
    User(#[from] UserError),
    /// The command can't be run.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl CliError {
    fn exit(&self) -> Exit {
        match self {
            Self::Target(error) if error.is_refused() => Exit::Failed,
            Self::Probe(error) if error.is_usage() => Exit::Usage,
            Self::Probe(_) => Exit::NotProven,
            Self::Trace(error) if error.is_usage() => Exit::Usage,
            Self::Policy(_)
            | Self::PolicyFile { .. }
            | Self::EntryFile { .. }
            | Self::Entry(_)
            | Self::Misplaced
            | Self::Packet(_)
            | Self::Target(_)
            | Self::Ids(_)
            | Self::Apply(ApplyError::HostNamespace | ApplyError::NotHostNamespace) => Exit::Usage,
            Self::Command(error) if error.is_absent() => Exit::CommandAbsent,
            Self::Command(_) => Exit::CommandRefused,
            Self::NotApplied { .. }
            | Self::Apply(_)
            | Self::Trace(_)
            | Self::Install(_)
            | Self::Ending(_)
            | Self::Demo(_)
            | Self::Cgroup(_)
            | Self::User(_) => Exit::Failed,
        }
    }

    /// Says what went wrong: on standard error, and with `--output json` as an object on standard
    /// output too, so that a program reads one stream.
    pub(super) fn report(&self, output: &Output) -> Exit {
        output.complain(ERROR, "error", &self.to_string());
        if output.is_json() {
            let faults = match self {
                Self::Policy(error) => json!(error.faults),
                Self::Packet(faults) | Self::Entry(faults) => json!(faults),
                Self::PolicyFile { .. }
                | Self::EntryFile { .. }
                | Self::Misplaced
                | Self::NotApplied { .. }
                | Self::Target(_)
                | Self::Ids(_)
                | Self::Apply(_)
                | Self::Probe(_)
                | Self::Trace(_)
                | Self::Install(_)
                | Self::Ending(_)
                | Self::Demo(_)
                | Self::Cgroup(_)
                | Self::User(_)
                | Self::Command(_) => json!([]),
            };
            output.json(&json!({ "error": self.to_string(), "faults": faults }));
        }
        self.exit()
    }
}

fn faults_text(what: &str, faults: &[Fault]) -> String {
    let plural = if faults.len() == 1 { "" } else { "s" };
    let head = format!("{what} has {} fault{plural}:", faults.len());
    faults.iter().fold(head, |text, fault| format!("{text}\n  {fault}"))
}
