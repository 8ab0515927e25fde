//! Istio's flags for help texts and completions; what is written is read by the dialect.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::dialect::istio::command::{Becomes, FLAGS, Flag};

/// Flags of `istio-iptables`, as help and completions show them.
#[derive(Debug)]
pub(in crate::cli) struct IstioIptablesArgs;

const ABOUT: &str = "\
Does what Istio's command of this name does, with the same flags and variables, so that an injector \
template needs only another image. Flags have Istio's defaults, not those of apply: without -b \
nothing is captured on the way in, without -i nothing on the way out. A flag is stronger than its \
variable; an empty variable says nothing. Each flag is told with what it becomes here.";

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed, and the namespace is as it was before unless the message says otherwise
  2    wrong flags or variables, all of them told; nothing was touched
  126  --run-validation: capture does not work

Called by the name istio-iptables, as by a link, the program is this command.

Example, what Istio's injector passes:
  nftdivert istio-iptables -p 15001 -z 15006 -u 1337 -m REDIRECT -i '*' -x \"\" -b '*' \\
    -d 15090,15021,15020 --log_output_level=default:info";

impl Args for IstioIptablesArgs {
    fn augment_args(command: Command) -> Command {
        let named = FLAGS.iter().filter(|flag| !flag.long.is_empty());
        let command = command.long_about(ABOUT).after_help(after_help());
        named.map(arg).fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for IstioIptablesArgs {
    fn from_arg_matches(_: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self)
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Ok(())
    }
}

fn arg(flag: &'static Flag) -> Arg {
    let arg = Arg::new(flag.long)
        .long(flag.long)
        .help(help(flag))
        .help_heading(heading(flag))
        .value_name(flag.value_name.unwrap_or("true|false"))
        .action(ArgAction::Append);
    let arg = match flag.short {
        Some(letter) => arg.short(letter),
        None => arg,
    };
    match flag.value_name {
        Some(_) => arg,
        None => arg.num_args(0..=1).require_equals(true),
    }
}

fn heading(flag: &Flag) -> &'static str {
    match flag.becomes {
        Becomes::Setting { .. } | Becomes::Joint(_) => "What to capture",
        Becomes::Order(_) => "What to do",
        Becomes::Nothing(_) | Becomes::Refused(_) => "Taken, and without meaning here",
    }
}

fn help(flag: &Flag) -> String {
    let mut text = format!("{}. Here: {}", flag.help, flag.becomes_text());
    // A flag that is true or false is false unless something is said.
    if !flag.default.is_empty() && flag.default != "false" {
        text.push_str(&format!(" [default: {}]", flag.default));
    }
    if !flag.variables.is_empty() && !flag.long.is_empty() {
        text.push_str(&format!(" [env: {}]", flag.variables.join(", ")));
    }
    text
}

/// Variables that have no flag, and the exit codes.
fn after_help() -> String {
    let alone = FLAGS.iter().filter(|flag| flag.long.is_empty());
    let lines = alone.map(|flag| format!("  {}\n          {}\n", flag.name(), help(flag)));
    format!("Variables without a flag:\n{}\n{EXIT_CODES}", lines.collect::<String>())
}
