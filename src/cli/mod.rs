//! The command line: one file per command, what it prints, and its exit codes.

mod apply;
mod completions;
mod demo;
mod drawing;
mod entry_args;
mod error;
mod exec;
mod exit;
mod explain;
mod formats;
mod install;
mod install_args;
mod istio_iptables;
mod logs;
mod output;
mod plan;
mod policy_args;
mod probe;
mod remove;
mod status;
mod target_args;
mod trace;
mod uninstall;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use error::CliError;
use exit::Exit;
use output::Output;

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed, and the namespace is as it was before unless the message says otherwise
  2    wrong usage or policy; nothing was touched
  3    verify: what is there differs from the plan; install and uninstall with --dry-run --exit-code:
       something would change
  126  probe, and istio-iptables --run-validation: something failed, nothing could be shown, or
       what was required was not proven; exec: the command can't be executed
  127  exec: the command is not found

Examples:
  nftdivert demo                                     see it work, in namespaces made for it
  nftdivert plan --inbound-ports 80,8000-8999        print the rules; touches nothing
  nftdivert plan --output svg > way.svg              draw a packet's way through them
  nftdivert explain out tcp --to 10.0.0.1:443        what would become of this connection?
  nftdivert trace --netns web --port 443             what becomes of packets that pass?
  nftdivert apply --netns web                        capture, with the defaults
  nftdivert apply --policy mesh.yaml --pid 4711      capture in a process's namespace
  nftdivert verify --policy mesh.yaml --netns web    do the rules still hold?
  nftdivert probe --policy mesh.yaml                 prove it from inside, with no privilege
  nftdivert remove --netns web --drain               stop capturing; captured connections live on
  nftdivert install --dry-run                        what would come onto this node, as a diff
  nftdivert istio-iptables -b '*' -i '*' -u 1337     in place of Istio's command of this name
  nftdivert exec --net-cls 10:1 --user 1337 -- envoy -c envoy.yaml
                                                     run a proxy in a group that a policy names";

/// Puts a network namespace's traffic through its proxy: nf_tables over netlink, in one transaction.
#[derive(Debug, Parser)]
#[command(name = "nftdivert", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
struct Global {
    /// How results are printed; svg and dot are for plan alone.
    #[arg(long, global = true, value_enum, default_value_t = output::Format::Text)]
    output: output::Format,
    /// What is logged on standard error.
    #[arg(long, global = true, value_enum, default_value_t = logs::Level::Warn)]
    log_level: logs::Level,
    /// How it is logged.
    #[arg(long, global = true, value_enum, default_value_t = logs::Format::Text)]
    log_format: logs::Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Capture: make the namespace be as the policy says, or leave it untouched.
    Apply(apply::ApplyArgs),
    /// Print what apply would write, in nft syntax; touches nothing.
    Plan(plan::PlanArgs),
    /// Say what becomes of a packet, and which rules decide; touches nothing.
    Explain(Box<explain::ExplainArgs>),
    /// Follow packets that pass through the rules, as the kernel traces them.
    Trace(Box<trace::TraceArgs>),
    /// Compare the namespace with the policy, expression by expression.
    Verify(verify::VerifyArgs),
    /// Prove capture from inside the pod, without any privilege, before the proxy runs.
    Probe(Box<probe::ProbeArgs>),
    /// Tell what is applied, since when, by which version, from which policy.
    Status(status::StatusArgs),
    /// Stop capturing and take away everything that is ours.
    Remove(remove::RemoveArgs),
    /// Do what Istio's command of this name does, with its flags and variables: for an injector
    /// template that names this image in place of istio-init's.
    #[command(name = "istio-iptables")]
    IstioIptables(istio_iptables::IstioIptablesArgs),
    /// Put the CNI plugin onto this node: its binary, and its entry in the network configuration.
    Install(install::InstallArgs),
    /// Take the CNI plugin from this node; the configuration is as it was before.
    Uninstall(uninstall::UninstallArgs),
    /// Join a cgroup, become a user, and run a command: for proxies that a policy tells apart by
    /// their group.
    Exec(exec::ExecArgs),
    /// Show it on real traffic, in namespaces made for it.
    Demo(demo::DemoArgs),
    /// Print a completion script for a shell.
    Completions(completions::CompletionsArgs),
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let lossy = |word: OsString| word.to_string_lossy().into_owned();
    let args: Vec<String> = std::env::args_os().map(lossy).collect();
    // Istio's flags are read as Istio reads them, which is not how clap does.
    if let Some(words) = istio_iptables::words(&args) {
        return istio_iptables::main(&words);
    }
    if args.len() < 2 {
        return crate::cni::about();
    }
    let cli = parsed().unwrap_or_else(|error| error.exit());
    begin(cli.global.log_level, cli.global.log_format);
    let output = Output::new(cli.global.output);
    finish(dispatch(cli.command, &output), &output)
}

fn begin(level: logs::Level, format: logs::Format) {
    logs::start(level, format);
    // What is missing then is told by the call that needed it.
    if let Err(error) = crate::process::raise_needed() {
        tracing::warn!(%error, "can't put permitted capabilities into force");
    }
}

fn dispatch(command: Command, output: &Output) -> Result<Exit, CliError> {
    match command {
        Command::Apply(args) => apply::run(args, output),
        Command::Plan(args) => plan::run(args, output),
        Command::Explain(args) => explain::run(*args, output),
        Command::Trace(args) => trace::run(&args, output),
        Command::Verify(args) => verify::run(args, output),
        Command::Probe(args) => probe::run(*args, output),
        Command::Status(args) => status::run(args, output),
        Command::Remove(args) => remove::run(args, output),
        Command::IstioIptables(_) => Err(CliError::Misplaced),
        Command::Install(args) => install::run(&args, output),
        Command::Uninstall(args) => uninstall::run(&args, output),
        Command::Exec(args) => exec::run(args),
        Command::Demo(args) => demo::run(&args, output),
        Command::Completions(args) => completions::run(args, output),
    }
}

fn finish(result: Result<Exit, CliError>, output: &Output) -> ExitCode {
    let exit = result.unwrap_or_else(|error| error.report(output));
    if let Some(error) = output.failure() {
        output.complain(output::ERROR, "error", &format!("can't print the result: {error}"));
        return Exit::Failed.into();
    }
    exit.into()
}

/// The command, as help and completion show it.
fn command() -> clap::Command {
    formats::with_formats(Cli::command())
}

fn parsed() -> Result<Cli, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let cli = Cli::from_arg_matches(&matches)?;
    match formats::refusal(&mut command, matches.subcommand_name(), cli.global.output) {
        Some(error) => Err(error),
        None => Ok(cli),
    }
}
