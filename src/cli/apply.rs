//! `nftdivert apply`.

use clap::Args;
use serde_json::{Value, json};

use crate::apply::{Applied, ApplyOptions, LiveConnections, OtherMeshes, Outcome, apply};

use super::error::CliError;
use super::exit::Exit;
use super::output::{GOOD, Output};
use super::policy_args::{NamedPolicy, PolicyArgs};
use super::target_args::TargetArgs;

/// Flags of `apply`.
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Apply even if connections live that can't be protected; they break.
    #[arg(long, help_heading = "Options")]
    break_live: bool,
    /// Take away capture rules of Istio, Linkerd, Kuma or Consul that are there, instead of
    /// refusing; everybody else's rules stay.
    #[arg(long, help_heading = "Options")]
    take_over: bool,
    #[command(flatten)]
    policy: PolicyArgs,
}

pub(super) fn run(args: ApplyArgs, output: &Output) -> Result<Exit, CliError> {
    let named = args.policy.load()?;
    let live = if args.break_live { LiveConnections::Break } else { LiveConnections::Keep };
    let others = if args.take_over { OtherMeshes::TakeOver } else { OtherMeshes::Refuse };
    let options = ApplyOptions { source: named.source.clone(), live, others };
    let (applied, result) = put(&args.target, &named, &options, &[], output)?;
    output.json(&result);
    // The result is out; closing the socket may now wait for the kernel's grace period.
    drop(applied);
    Ok(Exit::Done)
}

/// Applies the policy and tells what came of it, and gives it for programs; `notes` are told first.
pub(super) fn put(
    place: &TargetArgs,
    named: &NamedPolicy,
    options: &ApplyOptions,
    notes: &[String],
    output: &Output,
) -> Result<(Applied, Value), CliError> {
    let target = place.open()?;
    let applied = apply(&target, &named.policy, options)?;
    let word = match applied.outcome {
        Outcome::Unchanged => "unchanged",
        Outcome::Created => "applied",
        Outcome::Replaced => "replaced",
    };
    let rules = applied.plan.ruleset.rules().count();
    let (words, digest) = (place.words(), named.policy.digest());
    output.line(&format!(
        "{GOOD}{word}{GOOD:#}: {rules} rules in {words}, policy {digest} from {}",
        named.source
    ));
    let notes = [notes, &applied.notes].concat();
    output.notes(&notes);
    let result = json!({
        "outcome": applied.outcome,
        "policy": digest,
        "source": named.source,
        "rules": rules,
        "expressions": applied.plan.ruleset.expression_count(),
        "effects": applied.plan.effects.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "notes": notes,
    });
    Ok((applied, result))
}
