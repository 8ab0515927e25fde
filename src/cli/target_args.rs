//! Which namespace is meant.

use std::path::Path;

use clap::Args;

use crate::apply::{HostRule, Target};
use crate::net::netns::Netns;

use super::error::CliError;

/// Flags that name a network namespace; without any it is the one this command runs in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Namespace")]
pub(super) struct TargetArgs {
    /// A namespace by its name (`ip netns list`) or path; default: the one this command runs in.
    #[arg(long, value_name = "NAME|PATH", conflicts_with_all = ["pid", "host"])]
    netns: Option<String>,
    /// The namespace of a process.
    #[arg(long, value_name = "PID", conflicts_with = "host")]
    pid: Option<u32>,
    /// The machine's own namespace, which is refused otherwise. What it forwards comes in like
    /// everything else: name inbound ports.
    #[arg(long)]
    host: bool,
}

impl TargetArgs {
    /// Opens the namespace.
    pub(super) fn open(&self) -> Result<Target, CliError> {
        let netns = match (&self.netns, self.pid) {
            (Some(name), _) if name.contains('/') => Some(Netns::at(Path::new(name))),
            (Some(name), _) => Some(Netns::named(name)),
            (None, Some(pid)) => Some(Netns::of_pid(pid)),
            (None, None) => None,
        };
        let host = if self.host { HostRule::Require } else { HostRule::Refuse };
        Ok(match netns.transpose().map_err(CliError::Target)? {
            Some(netns) => Target::other(netns, host),
            None => Target::current(host),
        })
    }

    /// The namespace in words.
    pub(super) fn words(&self) -> String {
        match (&self.netns, self.pid) {
            (Some(name), _) => format!("namespace {name}"),
            (None, Some(pid)) => format!("the namespace of process {pid}"),
            (None, None) if self.host => "the machine's own namespace".to_owned(),
            (None, None) => "this namespace".to_owned(),
        }
    }
}
