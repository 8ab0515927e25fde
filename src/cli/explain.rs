//! `nftdivert explain`.

mod packet;
mod parse;
mod show;

use std::path::Path;

use clap::Args;

use crate::apply::{ApplyError, look_up, observe};
use crate::explain::{explain, with_settings};
use crate::netlink::{Connection, Family};
use crate::nft::NftError;
use crate::plan::{HostFacts, plan};
use crate::policy::CapturePolicy;
use crate::ruleset::Ruleset;

use super::error::CliError;
use super::exit::Exit;
use super::output::Output;
use super::policy_args::PolicyArgs;
use super::target_args::TargetArgs;
use packet::PacketArgs;
use show::{Shown, show};
pub(super) use show::{between, head, step_json};

const HELP: &str = "\
The verdict comes first, then each rule that the packet met and that decided or changed something, \
with the policy setting that it comes from. The rules are those of the policy; nothing is touched. \
With --netns, --pid or --host they are those that the kernel holds there, and the policy tells the \
settings where its rules are the same. What is not among these rules is not known: routes, rules \
of others, and whether somebody listens.

Examples:
  nftdivert explain out tcp --to 10.0.0.1:443         what becomes of the app's connection?
  nftdivert explain out tcp --uid 1337 --to 10.0.0.1:443
                                                      and of the proxy's?
  nftdivert explain out udp --to [2001:db8::53]:53 --dns-capture all
  nftdivert explain in tcp --to 10.88.0.2:8080 --from 10.88.0.1:50000 --iif eth0
  nftdivert explain in icmp --to fd88::2 --type 128 --ipv6 reject
  nftdivert explain --netns web out tcp --to 10.0.0.1:443 --all
                                                      every rule that the kernel would look at";

/// Flags of `explain`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ExplainArgs {
    /// Show every rule that the packet met, matching or not.
    #[arg(long, help_heading = "Options")]
    all: bool,
    #[command(flatten)]
    packet: PacketArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// Rules, and what is known of the place that they are for.
struct Rules {
    ruleset: Ruleset,
    facts: HostFacts,
    source: String,
}

pub(super) fn run(args: ExplainArgs, output: &Output) -> Result<Exit, CliError> {
    let packet = args.packet.parse().map_err(CliError::Packet)?;
    let named = args.policy.load()?;
    let rules = match args.target.is_named() {
        false => planned(&named.policy, args.target.root())?,
        true => found(&named.policy, &args.target)?,
    };
    let packet = packet.at(&named.policy, &rules.facts).map_err(CliError::Packet)?;
    let shown = Shown {
        explanation: explain(&rules.ruleset, &packet),
        packet: &packet,
        policy: &named.policy,
        source: &rules.source,
        all: args.all,
    };
    show(&shown, output);
    Ok(Exit::Done)
}

fn planned(policy: &CapturePolicy, root: Option<&Path>) -> Result<Rules, CliError> {
    let facts = look_up(policy, Some(root.unwrap_or(Path::new("/"))))?;
    let plan = plan(policy, &facts).map_err(ApplyError::from)?;
    let source = format!("policy {}", policy.digest());
    Ok(Rules { ruleset: plan.ruleset, facts, source })
}

fn found(policy: &CapturePolicy, target: &TargetArgs) -> Result<Rules, CliError> {
    let place = target.words();
    let observed = target.open()?.run(|inside| {
        let mut nft = Connection::open(Family::Netfilter).map_err(NftError::from)?;
        observe(inside, &mut nft, policy)
    })?;
    let ours = observed.ours.ok_or_else(|| CliError::NotApplied { place: place.clone() })?;
    // A policy that can't be planned here tells nothing of what is here.
    let ruleset = match plan(policy, &observed.facts) {
        Ok(plan) => with_settings(ours.ruleset, &plan.ruleset),
        Err(_) => ours.ruleset,
    };
    Ok(Rules { ruleset, facts: observed.facts, source: place })
}
