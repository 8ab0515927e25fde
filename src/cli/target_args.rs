//! Which namespace is meant.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::apply::{HostRule, Target};
use crate::net::ids;
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
    /// The pod's root file system, for what the policy takes from the pod's files; default: that of
    /// --pid, or of this command where no namespace is named.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl TargetArgs {
    /// A namespace by its name or path, or the one this command runs in.
    pub(super) fn of_netns(netns: Option<String>) -> Self {
        Self { netns, pid: None, host: false, root: None }
    }

    /// Whether one is named.
    pub(super) fn is_named(&self) -> bool {
        self.netns.is_some() || self.pid.is_some() || self.host
    }

    /// The root file system that is named, if any.
    pub(super) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The namespace that is named, if any.
    pub(super) fn netns(&self) -> Result<Option<Netns>, CliError> {
        let netns = match (&self.netns, self.pid) {
            (Some(name), _) if name.contains('/') => Some(Netns::at(Path::new(name))),
            (Some(name), _) => Some(Netns::named(name)),
            (None, Some(pid)) => Some(Netns::of_pid(pid)),
            (None, None) => None,
        };
        netns.transpose().map_err(CliError::Target)
    }

    /// Opens the namespace.
    pub(super) fn open(&self) -> Result<Target, CliError> {
        let host = if self.host { HostRule::Require } else { HostRule::Refuse };
        let mut target = match self.netns()? {
            Some(netns) => self.other(netns, host)?,
            None => Target::current(host),
        };
        if let Some(root) = &self.root {
            target = target.with_root(root.clone());
        }
        Ok(target)
    }

    /// A process tells besides whose its ids are, and where its files are.
    fn other(&self, netns: Netns, host: HostRule) -> Result<Target, CliError> {
        let Some(pid) = self.pid else { return Ok(Target::other(netns, host)) };
        let ids = ids::of_pid(pid, &netns)?;
        let root = PathBuf::from(format!("/proc/{pid}/root"));
        Ok(Target::other(netns, host).with_root(root).with_ids(ids))
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
