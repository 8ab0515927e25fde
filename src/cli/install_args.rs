//! Where the node's folders are, and which binary comes there.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::install::{Decision, Installer, Node, Places, Step, Work, diff, own_binary};

use super::error::CliError;
use super::exit::Exit;
use super::output::{DIM, Output};

/// Flags of `install` and `uninstall`.
#[derive(Debug, Args)]
pub(super) struct NodeArgs {
    /// The folder of the node's CNI plugins.
    #[arg(long, value_name = "DIR", default_value = "/opt/cni/bin")]
    cni_bin_dir: PathBuf,
    /// The folder of the node's network configuration.
    #[arg(long, value_name = "DIR", default_value = "/etc/cni/net.d")]
    cni_conf_dir: PathBuf,
    /// Both folders are below this one, as where the host's root is mounted.
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// Print what would change, as a diff; touches nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// With --dry-run: the exit code is 3 if something would change.
    #[arg(long, requires = "dry_run")]
    exit_code: bool,
}

/// What a command came to.
pub(super) struct Done {
    /// What was decided.
    pub(super) decision: Decision,
    /// The same for programs.
    pub(super) value: Value,
    /// How the command ends.
    pub(super) exit: Exit,
}

impl NodeArgs {
    /// The node, as these flags name it.
    pub(super) fn installer<'a>(&self, tell: &'a dyn Fn(&str)) -> Result<Installer<'a>, CliError> {
        let places = Places::below(&self.root, &self.cni_conf_dir, &self.cni_bin_dir);
        Ok(Installer { places, binary: own_binary()?, tell })
    }
}

/// Says on standard error what is waited for.
pub(super) fn progress(output: &Output) -> impl Fn(&str) {
    move |text| output.complain(DIM, "progress", text)
}

/// Does the work, or says what it would be.
pub(super) fn carry_out(
    args: &NodeArgs,
    work: &Work,
    nothing: &str,
    output: &Output,
) -> Result<Done, CliError> {
    let tell = progress(output);
    let installer = args.installer(&tell)?;
    if args.dry_run {
        let (node, decision) = installer.plan(work)?;
        show_dry(&node, &decision, nothing, output);
        if let Some(refusal) = decision.refused {
            return Err(installer.refused(refusal).into());
        }
        let is_told = args.exit_code && !decision.plan.steps.is_empty();
        let exit = if is_told { Exit::Differs } else { Exit::Done };
        return Ok(Done { value: dry_json(&node, &decision), decision, exit });
    }
    let decision = installer.run(work)?;
    show(&decision, nothing, output);
    Ok(Done { value: to_json(&decision), decision, exit: Exit::Done })
}

/// Tells what was done, one line each.
pub(super) fn show(decision: &Decision, nothing: &str, output: &Output) {
    let plan = &decision.plan;
    if plan.steps.is_empty() {
        output.line(nothing);
    }
    plan.told.iter().for_each(|told| output.line(told));
    output.notes(&plan.notes);
}

fn show_dry(node: &Node, decision: &Decision, nothing: &str, output: &Output) {
    show(decision, nothing, output);
    if !decision.plan.steps.is_empty() {
        output.line("");
        output.line(diff(node, &decision.plan.steps).trim_end());
    }
}

fn dry_json(node: &Node, decision: &Decision) -> Value {
    let mut value = to_json(decision);
    value["dryRun"] = json!(true);
    value["diff"] = json!(diff(node, &decision.plan.steps));
    value
}

/// A decision for programs.
pub(super) fn to_json(decision: &Decision) -> Value {
    let steps: Vec<Value> = decision.plan.steps.iter().map(step).collect();
    json!({
        "changed": !steps.is_empty(),
        "done": decision.plan.told,
        "steps": steps,
        "notes": decision.plan.notes,
    })
}

fn step(step: &Step) -> Value {
    match step {
        Step::PutBinary => json!({ "step": "putBinary" }),
        Step::RemoveBinary => json!({ "step": "removeBinary" }),
        Step::Put { name, .. } => json!({ "step": "put", "file": name }),
        Step::Remove { name } => json!({ "step": "remove", "file": name }),
        Step::RemoveLeftover { name } => json!({ "step": "removeLeftover", "file": name }),
    }
}
