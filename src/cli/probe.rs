//! `nftdivert probe`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::verify::probe::{Aspect, Finding, Outcome, ProbeOptions, Report, Role, probe};
use crate::words::Port;

use super::error::CliError;
use super::exit::Exit;
use super::output::{BAD, DIM, GOOD, NOTE, Output};
use super::policy_args::{NamedPolicy, PolicyArgs};

/// A container that waits longer than this is taken for one that hangs.
const LONGEST: Duration = Duration::from_secs(3600);

const HELP: &str = "\
It needs no capability, and runs after apply and before the proxy and the app: in the place of the \
proxy it listens on the proxy's ports, connects, and sees by a random token what the rules do. It \
expects what the policy says; give it the policy that apply was given. What an app sends and what \
the proxy sends are two things: to prove both, run it as a user that is the proxy's, and as one \
that is not.

  proven    the rules did what the policy says; without them it would have ended otherwise
  kept      refused where it would be answered without rules, as TPROXY does while no proxy \
listens; for which port does not show
  direct    not captured, as the policy says; alone it proves nothing
  unproven  can't be tried here, with the reason
  failed    did not end as the policy says

Exit codes: 0 something was proven or kept, all that is required was proven, and nothing failed; 126 \
otherwise; 2 wrong usage or policy. Each is a sample: rules that spare other ports or addresses than \
those that were tried do not show; `nftdivert verify` compares all.

Examples:
  nftdivert probe                                    as the user of the container
  nftdivert probe --policy /etc/mesh/policy.yaml --timeout 10s
  nftdivert probe --require outbound-ipv4,outbound-ipv6
  nftdivert probe --dns-capture all --output json";

/// Flags of `probe`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ProbeArgs {
    /// The port of calls to the pod's own addresses; none of the proxy's.
    #[arg(long, value_name = "PORT", default_value = "15002", help_heading = "Options")]
    probe_port: Port,
    /// How long all of it may take; at most 1h.
    #[arg(
        long, value_name = "TIME", default_value = "5s", help_heading = "Options",
        value_parser = duration,
    )]
    timeout: Duration,
    /// What must be proven, or the exit code is 126: outbound-ipv4, outbound-ipv6, dns-ipv4, dns-ipv6,
    /// self-call-ipv4, self-call-ipv6.
    #[arg(long, value_name = "PARTS", value_delimiter = ',', help_heading = "Options")]
    require: Vec<Aspect>,
    /// The pod's root file system, for what the policy takes from the pod's files.
    #[arg(long, value_name = "DIR", default_value = "/", help_heading = "Options")]
    root: PathBuf,
    #[command(flatten)]
    policy: PolicyArgs,
}

fn duration(text: &str) -> Result<Duration, String> {
    let limit = humantime::parse_duration(text)
        .map_err(|error| format!("{error} (write for example 5s)"))?;
    if limit > LONGEST { Err(String::from("must be at most 1h")) } else { Ok(limit) }
}

pub(super) fn run(args: ProbeArgs, output: &Output) -> Result<Exit, CliError> {
    let named = args.policy.load()?;
    let options = ProbeOptions { port: args.probe_port, limit: args.timeout, root: args.root };
    let report = probe(&named.policy, &options)?;
    let mut result = tell(&named, &report, output);
    let missing = report.missing(&args.require);
    if !missing.is_empty() {
        let words: Vec<String> = missing.iter().map(ToString::to_string).collect();
        output.line(&format!("{BAD}required, but not proven:{BAD:#} {}", words.join(", ")));
    }
    result["missing"] = json!(missing);
    output.json(&result);
    Ok(if missing.is_empty() { exit(&report) } else { Exit::NotProven })
}

/// Tells what was found, and gives it for programs.
pub(super) fn tell(named: &NamedPolicy, report: &Report, output: &Output) -> Value {
    report.findings.iter().for_each(|finding| show(finding, output));
    output.line(&summary(report));
    json!({
        "holds": report.holds(),
        "policy": named.policy.digest(),
        "role": report.role,
        "findings": report.findings,
    })
}

/// How a probe that found this ends.
pub(super) fn exit(report: &Report) -> Exit {
    if report.holds() { Exit::Done } else { Exit::NotProven }
}

fn show(finding: &Finding, output: &Output) {
    let (style, word) = match finding.outcome {
        Outcome::Proven => (GOOD, "proven"),
        Outcome::Kept => (NOTE, "kept"),
        Outcome::Direct => (DIM, "direct"),
        Outcome::Unproven => (NOTE, "unproven"),
        Outcome::Failed => (BAD, "failed"),
    };
    let to = finding.to.map_or_else(String::new, |to| format!(", to {to}"));
    let Finding { check, seen, .. } = finding;
    output.line(&format!("{style}{word:<8}{style:#}  {check}{to}: {seen}"));
    if let Some(advice) = &finding.advice {
        output.line(&format!("{DIM}{:10}{advice}{DIM:#}", ""));
    }
}

fn summary(report: &Report) -> String {
    let who = match report.role {
        Role::Proxy => "the proxy",
        Role::App => "an app",
        Role::Unknown => "a process that may be the proxy",
    };
    let outcomes = [
        (Outcome::Proven, "proven"),
        (Outcome::Kept, "kept"),
        (Outcome::Direct, "direct"),
        (Outcome::Unproven, "unproven"),
        (Outcome::Failed, "failed"),
    ];
    let counted = outcomes.map(|(outcome, word)| format!("{} {word}", report.count(outcome)));
    format!("as {who}: {}", counted.join(", "))
}
