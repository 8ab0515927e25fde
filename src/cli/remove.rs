//! `nftdivert remove`.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::apply::{Captured, DrainProgress, RemoveOptions, remove};

use super::error::CliError;
use super::exit::Exit;
use super::output::{DIM, GOOD, Output};
use super::target_args::TargetArgs;

/// Flags of `remove`.
#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Capture nothing new, and take the rest away when the last captured connection has ended.
    #[arg(long)]
    drain: bool,
    /// How long to wait for that.
    #[arg(long, value_name = "TIME", default_value = "60s", requires = "drain", value_parser = duration)]
    drain_timeout: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error} (write for example 90s, 5m)"))
}

pub(super) fn run(args: RemoveArgs, output: &Output) -> Result<Exit, CliError> {
    let captured = if args.drain { Captured::Drain(args.drain_timeout) } else { Captured::Cut };
    take_away(&args.target, captured, &[], output)
}

/// Removes what is ours and tells what came of it; `notes` are told first.
pub(super) fn take_away(
    place: &TargetArgs,
    captured: Captured,
    notes: &[String],
    output: &Output,
) -> Result<Exit, CliError> {
    let target = place.open()?;
    let tell = |progress: DrainProgress| show_progress(progress, output);
    let removed = remove(&target, &RemoveOptions { captured, progress: &tell })?;
    let place = place.words();
    if removed.was_there {
        let cut = match removed.cut {
            Some(0) => "no captured connection was cut".to_owned(),
            Some(1) => "1 captured connection was cut".to_owned(),
            Some(count) => format!("{count} captured connections were cut"),
            None => "captured connections, if any lived, were cut".to_owned(),
        };
        output.line(&format!("{GOOD}removed{GOOD:#} from {place}; {cut}"));
    } else {
        output.line(&format!("nothing was applied in {place}"));
    }
    let notes = [notes, &removed.notes].concat();
    output.notes(&notes);
    output.json(&json!({
        "removed": removed.was_there,
        "cutConnections": removed.cut,
        "notes": notes,
    }));
    // The result is out; closing the socket now waits for the kernel's grace period.
    drop(removed);
    Ok(Exit::Done)
}

/// One line a second.
fn show_progress(progress: DrainProgress, output: &Output) {
    if progress.waited.subsec_millis() < 250 {
        let text = format!(
            "captured connections left after {} s: {}",
            progress.waited.as_secs(),
            progress.remaining
        );
        output.complain(DIM, "draining", &text);
    }
}
