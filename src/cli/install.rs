//! `nftdivert install`.

use clap::Args;
use serde_json::json;

use crate::install::{Broken, Event, Meshes, Wanted, Way, Work, template, watch};

use super::entry_args::EntryArgs;
use super::error::CliError;
use super::exit::Exit;
use super::install_args::{NodeArgs, carry_out, progress, show, to_json};
use super::output::{ERROR, GOOD, NOTE, Output};

const HELP: &str = "\
Chained, the plugin is called behind the node's own plugins, for every pod: its entry comes to the \
end of the list that the runtime uses, and every other byte of the file stays. A file of one plugin \
becomes a list with the same name and version. Originals are kept beside, and uninstall puts them \
back. Standalone, a meta-plugin such as Multus calls it, for pods that name its network.

What is installed already is brought to what these flags say. Every step happens wholly or not at \
all; a run that is killed leaves a node that starts pods.

Exit codes: 0 done, or all was as it should be; 1 failed or refused; 2 wrong usage, policy or \
entry; 3 with --dry-run --exit-code: something would change.

Examples:
  nftdivert install --dry-run
  nftdivert install --dry-run --exit-code            is all as it should be? (a readiness probe)
  nftdivert install --policy /etc/mesh/policy.yaml
  nftdivert install --entry /etc/mesh/entry.yaml     policy, source, permit, excludeNamespaces, ...
  nftdivert install --root /host --watch             in a DaemonSet, with the host's root at /host
  nftdivert install --standalone                     for Multus and the like
  nftdivert install --repair --take-over             after another mesh's installer";

/// Flags of `install`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct InstallArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// Behind the node's plugins, for every pod; this is what happens without --standalone.
    #[arg(long, conflicts_with = "standalone")]
    chained: bool,
    /// As a network of its own, which a meta-plugin calls for the pods that name it.
    #[arg(long)]
    standalone: bool,
    #[command(flatten)]
    entry: EntryArgs,
    /// First mend a list of one plugin whose version another installer forced, and which that
    /// plugin does not speak.
    #[arg(long)]
    repair: bool,
    /// Put our entry into the place of one of istio-cni, linkerd-cni, kuma-cni or consul-cni.
    #[arg(long)]
    take_over: bool,
    /// Stay, and put right at once what others change; wait where there is no configuration yet.
    /// SIGTERM and SIGINT end it, and all stays installed.
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,
}

impl InstallArgs {
    fn work(&self) -> Result<Work, CliError> {
        let wanted = Wanted {
            way: if self.standalone { Way::Standalone } else { Way::Chained },
            entry: self.entry.load()?,
            meshes: if self.take_over { Meshes::TakeOver } else { Meshes::Refuse },
        };
        Ok(Work::Install(wanted, if self.repair { Broken::Mend } else { Broken::Tell }))
    }
}

pub(super) fn run(args: &InstallArgs, output: &Output) -> Result<Exit, CliError> {
    let work = args.work()?;
    if args.watch {
        return stay(args, &work, output);
    }
    let mut done = carry_out(&args.node, &work, CURRENT, output)?;
    if let Some(network) = &done.decision.plan.network {
        let template = template(network);
        output.line(&format!("\n{template}"));
        done.value["template"] = json!(template);
    }
    output.json(&done.value);
    Ok(done.exit)
}

const CURRENT: &str = "all is as it should be";

fn stay(args: &InstallArgs, work: &Work, output: &Output) -> Result<Exit, CliError> {
    let progress = progress(output);
    let installer = args.node.installer(&progress)?;
    watch(&installer, work, &mut |event| tell(&event, output))?;
    Ok(Exit::Done)
}

/// One object for each event.
fn tell(event: &Event<'_>, output: &Output) {
    match event {
        Event::Current(decision) | Event::Repaired(decision) => {
            output.line(&format!("{GOOD}installed{GOOD:#}"));
            show(decision, CURRENT, output);
            output.json(&to_json(decision));
        }
        Event::Waiting(error) => {
            output.complain(ERROR, "waiting", &error.to_string());
            output.json(&json!({ "waiting": error.to_string() }));
        }
        Event::Fight(rest) => {
            let text = format!(
                "somebody else takes our entry out each time; from now on we wait in between, {} s \
                 at first. Another installer may watch the same folder",
                rest.as_secs()
            );
            output.complain(NOTE, "warning", &text);
            output.json(&json!({ "warning": text }));
        }
    }
}
