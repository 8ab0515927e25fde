//! `nftdivert status`.

use clap::Args;

use crate::apply::{State, Status, status};

use super::error::CliError;
use super::exit::Exit;
use super::output::{GOOD, NOTE, Output};
use super::target_args::TargetArgs;

/// Flags of `status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    target: TargetArgs,
}

pub(super) fn run(args: StatusArgs, output: &Output) -> Result<Exit, CliError> {
    let target = args.target.open()?;
    let status = status(&target)?;
    show(&status, &args.target.words(), output);
    output.json(&status);
    Ok(Exit::Done)
}

fn show(status: &Status, place: &str, output: &Output) {
    let (style, text) = match status.state {
        State::NotApplied => (NOTE, "not applied"),
        State::Applied => (GOOD, "applied"),
        State::Interrupted => {
            (NOTE, "interrupted: the table is there without rules; apply or remove finishes it")
        }
        State::Draining => {
            (NOTE, "draining: captured connections live on, new ones are not captured")
        }
        State::Dormant => (NOTE, "dormant: somebody switched the table off; apply repairs it"),
    };
    output.line(&format!("{place}: {style}{text}{style:#}"));
    let field = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            output.line(&format!("  {name:<22}{value}"));
        }
    };
    field("since", &status.since);
    field("by nftdivert", &status.version);
    field("policy", &status.policy);
    field("policy from", &status.source);
    if status.state != State::NotApplied {
        field("rules", &Some(status.rules.to_string()));
        field("captured connections", &status.captured_connections.map(|n| n.to_string()));
    }
    if !status.undo.is_empty() {
        field("remove will undo", &Some(status.undo.join(", ")));
    }
}
