//! `nftdivert completions`.

use clap::Args;
use clap_complete::Shell;

use super::command;
use super::error::CliError;
use super::exit::Exit;
use super::output::Output;

/// Flags of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(args: CompletionsArgs, output: &Output) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "nftdivert", &mut script);
    output.text(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
