//! `nftdivert istio-iptables`: Istio's command, word for word.

mod flags;
mod global;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::apply::{ApplyOptions, Captured, LiveConnections, OtherMeshes};
use crate::dialect::istio::command::{
    FLAGS, Invocation, Others, Validation, Variables, Words, Work,
};
use crate::policy::PolicyError;
use crate::process::user::accounts;
use crate::verify::probe::{ProbeOptions, probe as prove};

use super::error::CliError;
use super::exit::Exit;
use super::output::Output;
use super::policy_args::NamedPolicy;
use super::target_args::TargetArgs;
use super::{apply, plan, probe, remove};

pub(super) use flags::IstioIptablesArgs;
use global::{Global, OWN};

/// The command's name, as word and as the name of the program.
const NAME: &str = "istio-iptables";

/// What follows the command's name, if it is this command: by the name of the program, or by the
/// first word behind flags of every command, which are kept.
pub(super) fn words(args: &[String]) -> Option<Vec<String>> {
    let (program, rest) = args.split_first()?;
    if Path::new(program).file_name().is_some_and(|name| name == NAME) {
        return Some(rest.to_vec());
    }
    let mut place = 0;
    while let Some(long) = rest.get(place)?.strip_prefix("--") {
        place += if OWN.contains(&long) { 2 } else { 1 };
    }
    let (before, from) = rest.split_at(place);
    let (name, behind) = from.split_first()?;
    (name == NAME).then(|| [before, behind].concat())
}

/// Runs the command with what follows its name.
pub(super) fn main(words: &[String]) -> ExitCode {
    let words = Words::parse(words, &OWN);
    if words.asks_help() {
        // Ends the process.
        super::command().get_matches_from(["nftdivert", NAME, "--help"]);
    }
    let global = Global::read(&words);
    super::begin(global.log_level, global.log_format);
    let output = Output::new(global.output);
    super::finish(run(&words, global, &output), &output)
}

fn run(words: &Words, global: Global, output: &Output) -> Result<Exit, CliError> {
    let accounts = accounts(Path::new("/"))?;
    let read = Invocation::read(words, &variables(), &accounts);
    let faults = read.as_ref().err().map(|error| error.faults.clone()).unwrap_or_default();
    let all = PolicyError::of("flags and environment", global.faults.into_iter().chain(faults));
    match all {
        Some(error) => Err(error.into()),
        None => work(read?, output),
    }
}

/// The environment as far as Istio's command reads it.
fn variables() -> Variables {
    let names = FLAGS.iter().flat_map(|flag| flag.variables);
    let read = |name: &&str| {
        let value = std::env::var_os(name)?;
        Some(((*name).to_owned(), value.to_string_lossy().into_owned()))
    };
    names.filter_map(read).collect()
}

fn work(invocation: Invocation, output: &Output) -> Result<Exit, CliError> {
    let Invocation { work, others, validation, netns, policy, notes } = invocation;
    let root = netns.is_none().then_some(Path::new("/"));
    let place = TargetArgs::of_netns(netns);
    let named = NamedPolicy { policy, source: NAME.to_owned() };
    match work {
        Work::Apply => {
            let (applied, result) = apply::put(&place, &named, &options(others), &notes, output)?;
            let exit = validate(validation, &place, &named, result, output)?;
            // The result is out; closing the socket may now wait for the kernel's grace period.
            drop(applied);
            Ok(exit)
        }
        Work::Show => plan::show(&named, root, &notes, output),
        Work::CleanUp => remove::take_away(&place, Captured::Cut, &notes, output),
        Work::ShowCleanUp => {
            let text = format!("what is nftdivert's would be removed from {}", place.words());
            output.json(&tell("shown", &text, &notes, output));
            Ok(Exit::Done)
        }
        Work::Nothing => {
            let result = tell("skipped", "nothing was applied, as was asked", &notes, output);
            validate(validation, &place, &named, result, output)
        }
    }
}

/// Tries what was applied, if that was asked for, and prints `result` for programs.
fn validate(
    validation: Option<Validation>,
    place: &TargetArgs,
    named: &NamedPolicy,
    mut result: Value,
    output: &Output,
) -> Result<Exit, CliError> {
    let exit = match validation {
        None => Exit::Done,
        Some(Validation { port, timeout }) => {
            let options = ProbeOptions { port, limit: timeout, root: PathBuf::from("/") };
            let report = match place.netns()? {
                Some(netns) => {
                    netns.run(|| prove(&named.policy, &options)).map_err(CliError::Target)?
                }
                None => prove(&named.policy, &options),
            }?;
            result["validation"] = probe::tell(named, &report, output);
            probe::exit(&report)
        }
    };
    output.json(&result);
    Ok(exit)
}

fn options(others: Others) -> ApplyOptions {
    let others = match others {
        Others::Refuse => OtherMeshes::Refuse,
        Others::TakeOver => OtherMeshes::TakeOver,
    };
    // Istio's command writes its rules whatever lives, and has no flag to allow it.
    ApplyOptions { source: NAME.to_owned(), live: LiveConnections::Break, others }
}

fn tell(outcome: &str, text: &str, notes: &[String], output: &Output) -> Value {
    output.line(text);
    output.notes(notes);
    json!({ "outcome": outcome, "notes": notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &[&str]) -> Option<String> {
        let args: Vec<String> = line.iter().map(ToString::to_string).collect();
        words(&args).map(|words| words.join(" "))
    }

    #[test]
    fn by_the_first_word() {
        assert_eq!(found(&["nftdivert", "istio-iptables", "-p", "1"]).as_deref(), Some("-p 1"));
        let line = ["pilot-agent", "--output", "json", "--log-level=off", "istio-iptables", "-n"];
        assert_eq!(found(&line).as_deref(), Some("--output json --log-level=off -n"));
        assert_eq!(found(&["nftdivert", "istio-iptables"]).as_deref(), Some(""));
    }

    #[test]
    fn by_the_name_of_the_program() {
        assert_eq!(found(&["/bin/istio-iptables", "-n"]).as_deref(), Some("-n"));
        assert_eq!(found(&["istio-iptables", "apply"]).as_deref(), Some("apply"));
    }

    #[test]
    fn by_nothing_else() {
        for line in [
            &["nftdivert"][..],
            &[],
            &["nftdivert", "apply", "istio-iptables"],
            &["nftdivert", "--output", "istio-iptables"],
            &["nftdivert", "help", "istio-iptables"],
            &["nftdivert", "-n", "istio-iptables"],
        ] {
            assert_eq!(found(line), None, "{line:?}");
        }
    }
}
