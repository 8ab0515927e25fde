//! `nftdivert uninstall`.

use clap::Args;

use crate::install::{BinaryFate, Work};
use crate::process::ending::Ending;

use super::error::CliError;
use super::exit::Exit;
use super::install_args::{NodeArgs, carry_out};
use super::output::Output;

const HELP: &str = "\
The configuration first: originals come back byte for byte; where somebody changed a file since, \
only our entry leaves. The binary last. End `install --watch` before, or it installs again.

A runtime may call the plugin once more for a pod that it made before: CRI-O does so, from a copy \
of the configuration that it keeps. --keep-binary leaves the binary for that until such pods are \
gone.

Exit codes: 0 done, or nothing of ours was there; 1 failed; 2 wrong usage; 3 with --dry-run \
--exit-code: something of ours is there.

Examples:
  nftdivert uninstall --dry-run
  nftdivert uninstall --root /host --wait            in a DaemonSet: deploy/cni-uninstall.yaml";

/// Flags of `uninstall`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct UninstallArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// Leave the binary where it is.
    #[arg(long)]
    keep_binary: bool,
    /// Stay when it is done, until SIGTERM or SIGINT: in a DaemonSet, which starts again what ends.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

pub(super) fn run(args: &UninstallArgs, output: &Output) -> Result<Exit, CliError> {
    let fate = if args.keep_binary { BinaryFate::Stay } else { BinaryFate::Remove };
    let nothing = "nothing of nftdivert is installed here";
    let ending = args.wait.then(Ending::hold_back).transpose()?;
    let done = carry_out(&args.node, &Work::Uninstall(fate), nothing, output)?;
    output.json(&done.value);
    if let Some(ending) = ending {
        ending.wait()?;
    }
    Ok(done.exit)
}
