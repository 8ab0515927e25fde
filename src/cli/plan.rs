//! `nftdivert plan`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::apply::{ApplyError, look_up};
use crate::draw::{dot, drawing, svg};
use crate::plan::{Plan, plan};
use crate::ruleset::{Chain, Set, chain_head_text, element_texts, rule_text, ruleset_text};

use super::error::CliError;
use super::exit::Exit;
use super::output::{Format, Output};
use super::policy_args::{NamedPolicy, PolicyArgs};

/// Flags of `plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// The pod's root file system, for what the policy takes from the pod's files.
    #[arg(long, value_name = "DIR", default_value = "/", help_heading = "Options")]
    root: PathBuf,
    #[command(flatten)]
    policy: PolicyArgs,
}

pub(super) fn run(args: PlanArgs, output: &Output) -> Result<Exit, CliError> {
    show(&args.policy.load()?, Some(&args.root), &[], output)
}

/// Prints what would be applied; `root` is the pod's root file system, if it is known.
pub(super) fn show(
    named: &NamedPolicy,
    root: Option<&Path>,
    notes: &[String],
    output: &Output,
) -> Result<Exit, CliError> {
    let facts = look_up(&named.policy, root)?;
    let plan = plan(&named.policy, &facts).map_err(ApplyError::from)?;
    match output.format() {
        Format::Text => output.text(&as_text(named, &plan)),
        Format::Json => output.json(&as_json(named, &plan, notes)),
        Format::Svg => output.text(&svg(&drawing(&plan.ruleset))),
        Format::Dot => output.text(&dot(&drawing(&plan.ruleset))),
    }
    output.notes(notes);
    Ok(Exit::Done)
}

/// What is no rule stands in comments, so that `nft -f` takes the whole.
fn as_text(named: &NamedPolicy, plan: &Plan) -> String {
    let mut text = format!("# policy {} from {}\n", named.policy.digest(), named.source);
    for effect in &plan.effects {
        text.push_str(&format!("# besides the table: {effect}\n"));
    }
    text.push_str(&ruleset_text(&plan.ruleset));
    text
}

fn as_json(named: &NamedPolicy, plan: &Plan, notes: &[String]) -> Value {
    json!({
        "policy": named.policy.digest(),
        "source": named.source,
        "effects": plan.effects.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "table": { "family": "inet", "name": plan.ruleset.table },
        "sets": plan.ruleset.sets.iter().map(set_json).collect::<Vec<_>>(),
        "chains": plan.ruleset.chains.iter().map(chain_json).collect::<Vec<_>>(),
        "rules": plan.ruleset.rules().count(),
        "expressions": plan.ruleset.expression_count(),
        "nft": ruleset_text(&plan.ruleset),
        "notes": notes,
    })
}

fn set_json(set: &Set) -> Value {
    json!({
        "name": set.name,
        "type": set.key.name(),
        "interval": set.flags.has_intervals(),
        "elements": element_texts(set).collect::<Vec<_>>(),
    })
}

fn chain_json(chain: &Chain) -> Value {
    let rules: Vec<Value> = chain
        .rules
        .iter()
        .map(|rule| json!({ "nft": rule_text(rule), "setting": rule.setting }))
        .collect();
    json!({ "name": chain.name, "nft": chain_head_text(chain), "rules": rules })
}
