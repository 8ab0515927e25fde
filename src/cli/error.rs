//! Errors of the command line, and how they are shown.

use std::io;

use serde_json::json;

use crate::apply::ApplyError;
use crate::demo::story::StoryError;
use crate::net::netns::NetnsError;
use crate::policy::PolicyError;

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
    /// The namespace that was named can't be used.
    #[error(transparent)]
    Target(NetnsError),
    /// The work failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The demo failed.
    #[error("the demo failed: {0}")]
    Demo(#[from] StoryError),
}

impl CliError {
    fn exit(&self) -> Exit {
        match self {
            Self::Target(error) if error.is_refused() => Exit::Failed,
            Self::Policy(_)
            | Self::PolicyFile { .. }
            | Self::Target(_)
            | Self::Apply(ApplyError::HostNamespace | ApplyError::NotHostNamespace) => Exit::Usage,
            Self::Apply(_) | Self::Demo(_) => Exit::Failed,
        }
    }

    /// Says what went wrong: on standard error, and with `--output json` as an object on standard
    /// output too, so that a program reads one stream.
    pub(super) fn report(&self, output: &Output) -> Exit {
        output.complain(ERROR, "error", &self.to_string());
        if output.is_json() {
            let faults = match self {
                Self::Policy(error) => json!(error.faults),
                Self::PolicyFile { .. } | Self::Target(_) | Self::Apply(_) | Self::Demo(_) => {
                    json!([])
                }
            };
            output.json(&json!({ "error": self.to_string(), "faults": faults }));
        }
        self.exit()
    }
}
