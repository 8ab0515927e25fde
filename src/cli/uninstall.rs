//! `nftdivert uninstall`.

use clap::Args;

use crate::install::{BinaryFate, Work};

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

Exit codes: 0 done, or nothing of ours was there; 1 failed; 2 wrong usage.";

/// Flags of `uninstall`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct UninstallArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// Leave the binary where it is.
    #[arg(long)]
    keep_binary: bool,
}

pub(super) fn run(args: &UninstallArgs, output: &Output) -> Result<Exit, CliError> {
    let fate = if args.keep_binary { BinaryFate::Stay } else { BinaryFate::Remove };
    let nothing = "nothing of nftdivert is installed here";
    let value = carry_out(&args.node, &Work::Uninstall(fate), nothing, output)?;
    output.json(&value);
    Ok(Exit::Done)
}
