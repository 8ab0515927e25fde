//! `nftdivert verify`.

use clap::Args;
use serde_json::json;

use crate::ruleset::Difference;
use crate::verify::verify;

use super::error::CliError;
use super::exit::Exit;
use super::output::{BAD, GOOD, Output};
use super::policy_args::PolicyArgs;
use super::target_args::TargetArgs;

/// Flags of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Give verify the policy that apply was given. Exit code 0: all is as planned; 3: it differs.")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

pub(super) fn run(args: VerifyArgs, output: &Output) -> Result<Exit, CliError> {
    let named = args.policy.load()?;
    let target = args.target.open()?;
    let verified = verify(&target, &named.policy)?;
    let (digest, place) = (named.policy.digest(), args.target.words());
    let holds = verified.differences.is_empty();
    if holds {
        output.line(&format!("{GOOD}verified{GOOD:#}: {place} is as policy {digest} says"));
    } else {
        let count = verified.differences.len();
        let word = if count == 1 { "difference" } else { "differences" };
        output.line(&format!("{BAD}differs{BAD:#}: {count} {word} in {place}"));
        verified.differences.iter().for_each(|difference| show(difference, output));
    }
    let other = verified.applied_policy.as_ref().filter(|applied| **applied != digest);
    let notes: Vec<String> = other
        .map(|applied| format!("policy {applied} was applied, policy {digest} is compared"))
        .into_iter()
        .collect();
    output.notes(&notes);
    output.json(&json!({
        "verified": holds,
        "policy": digest,
        "appliedPolicy": verified.applied_policy,
        "differences": verified.differences,
        "notes": notes,
    }));
    Ok(if holds { Exit::Done } else { Exit::Differs })
}

fn show(difference: &Difference, output: &Output) {
    output.line(&difference.object);
    let wanted = difference.wanted.as_deref().unwrap_or("nothing");
    let found = difference.found.as_deref().unwrap_or("nothing");
    output.line(&format!("  {GOOD}- wanted: {wanted}{GOOD:#}"));
    output.line(&format!("  {BAD}+ found:  {found}{BAD:#}"));
}
