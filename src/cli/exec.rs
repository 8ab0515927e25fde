//! `nftdivert exec`.

use std::ffi::OsString;

use clap::{ArgGroup, Args};
use nix::unistd::Pid;

use crate::process::cgroup::{join_net_cls, join_v2};
use crate::process::command::become_command;
use crate::process::user::{Account, assume};
use crate::words::{CgroupPath, Classid};

use super::error::CliError;
use super::exit::Exit;

const HELP: &str = "\
It becomes CMD, with the same process number, environment and standard streams: where a container \
or a unit starts its proxy by it, each restart joins the group again. The group stays when CMD \
ends. It needs the right to join, as root has. With a --user other than 0, CMD has no capability, \
neither permitted nor inheritable nor ambient. The bounding set stays, and no_new_privs is not \
set: capabilities of CMD's own file (setcap) count.

Exit codes: CMD's own; 126 where CMD can't be executed, 127 where it is not found; 1 where joining \
or becoming the user failed, and nothing was run.

Example, Envoy in an entrypoint; the policy names the same class:
  exec nftdivert exec --net-cls 10:1 --user 1337 -- envoy -c /etc/envoy/envoy.yaml";

/// Flags of `exec`.
#[derive(Debug, Args)]
#[command(
    after_help = HELP,
    group = ArgGroup::new("joined").required(true).args(["net_cls", "cgroup"]),
)]
pub(super) struct ExecArgs {
    /// Join the group nftdivert-ID of net_cls, made if it is missing; ID is a number, or 10:1 as tc
    /// writes it. net_cls must be mounted.
    #[arg(long, value_name = "ID")]
    net_cls: Option<Classid>,
    /// Join this cgroup v2, such as /kubepods/pod1/envoy; its last component is made if it is
    /// missing.
    #[arg(long, value_name = "PATH")]
    cgroup: Option<CgroupPath>,
    /// Then become this user, for good: numbers or names. A name has the supplementary groups of
    /// /etc/group, a number has none. Without GROUP it is the user's main group, or for a number
    /// that is not in /etc/passwd, the same number.
    #[arg(long, value_name = "USER[:GROUP]")]
    user: Option<String>,
    /// The command, found by PATH, and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

pub(super) fn run(args: ExecArgs) -> Result<Exit, CliError> {
    // Looked up first: a user that does not exist leaves no trace.
    let account = args.user.as_deref().map(Account::look_up).transpose()?;
    if let Some(classid) = args.net_cls {
        join_net_cls(classid, Pid::this())?;
    }
    if let Some(path) = &args.cgroup {
        join_v2(path, Pid::this())?;
    }
    if let Some(account) = &account {
        assume(account)?;
    }
    match become_command(&args.command)? {}
}
