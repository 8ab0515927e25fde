//! The command line: one file per command, what it prints, and its exit codes.

mod apply;
mod completions;
mod demo;
mod drawing;
mod error;
mod exec;
mod exit;
mod explain;
mod formats;
mod logs;
mod output;
mod plan;
mod policy_args;
mod remove;
mod status;
mod target_args;
mod verify;

use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use exit::Exit;

use output::Output;

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed, and the namespace is as it was before unless the message says otherwise
  2    wrong usage or policy; nothing was touched
  3    verify: what is there differs from the plan
  126  exec: the command can't be executed; 127: it is not found

Examples:
  nftdivert demo                                     see it work, in namespaces made for it
  nftdivert plan --inbound-ports 80,8000-8999        print the rules; touches nothing
  nftdivert plan --output svg > way.svg              draw a packet's way through them
  nftdivert explain out tcp --to 10.0.0.1:443        what would become of this connection?
  nftdivert apply --netns web                        capture, with the defaults
  nftdivert apply --policy mesh.yaml --pid 4711      capture in a process's namespace
  nftdivert verify --policy mesh.yaml --netns web    do the rules still hold?
  nftdivert remove --netns web --drain               stop capturing; captured connections live on
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
    /// Compare the namespace with the policy, expression by expression.
    Verify(verify::VerifyArgs),
    /// Tell what is applied, since when, by which version, from which policy.
    Status(status::StatusArgs),
    /// Stop capturing and take away everything that is ours.
    Remove(remove::RemoveArgs),
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
    let cli = parsed().unwrap_or_else(|error| error.exit());
    logs::start(cli.global.log_level, cli.global.log_format);
    let output = Output::new(cli.global.output);
    let result = match cli.command {
        Command::Apply(args) => apply::run(args, &output),
        Command::Plan(args) => plan::run(args, &output),
        Command::Explain(args) => explain::run(*args, &output),
        Command::Verify(args) => verify::run(args, &output),
        Command::Status(args) => status::run(args, &output),
        Command::Remove(args) => remove::run(args, &output),
        Command::Exec(args) => exec::run(args),
        Command::Demo(args) => demo::run(&args, &output),
        Command::Completions(args) => completions::run(args, &output),
    };
    let exit = result.unwrap_or_else(|error| error.report(&output));
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
