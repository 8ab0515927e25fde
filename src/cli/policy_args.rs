//! The policy's flags, made from the table of settings, and the file that they override.

use std::io::{self, Read};
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::policy::{CapturePolicy, Override, SETTINGS, Setting};

use super::error::CliError;

/// More than any policy file that is taken; the rest of a larger one is not read.
const READ_AT_MOST: u64 = 8 * 1024 * 1024 + 1;

/// `--policy` and one flag for each setting.
#[derive(Debug, Clone)]
pub(super) struct PolicyArgs {
    file: Option<String>,
    overrides: Vec<Override>,
}

/// A policy and where it came from.
pub(super) struct NamedPolicy {
    /// The policy.
    pub(super) policy: CapturePolicy,
    /// A file's name, `standard input`, `flags` or `defaults`.
    pub(super) source: String,
}

impl PolicyArgs {
    /// Reads the file, if one is named, and lays the flags over it.
    pub(super) fn load(&self) -> Result<NamedPolicy, CliError> {
        let text = self.file.as_deref().map(read).transpose()?;
        let source = match (self.file.as_deref(), self.overrides.is_empty()) {
            (Some("-"), _) => "standard input",
            (Some(path), _) => path,
            (None, false) => "flags",
            (None, true) => "defaults",
        };
        let policy = CapturePolicy::load(text.as_deref(), source, &self.overrides)?;
        Ok(NamedPolicy { policy, source: source.to_owned() })
    }
}

/// The policy in this file, or on standard input for `-`.
pub(super) fn from_file(path: &str) -> Result<CapturePolicy, CliError> {
    Ok(CapturePolicy::load(Some(&read(path)?), path, &[])?)
}

fn read(path: &str) -> Result<String, CliError> {
    text_of(path).map_err(|source| CliError::PolicyFile { path: path.to_owned(), source })
}

/// The text of this file, or of standard input for `-`.
pub(super) fn text_of(path: &str) -> io::Result<String> {
    let mut text = String::new();
    if path == "-" {
        io::stdin().lock().take(READ_AT_MOST).read_to_string(&mut text)?;
    } else {
        std::fs::File::open(Path::new(path))?.take(READ_AT_MOST).read_to_string(&mut text)?;
    }
    Ok(text)
}

impl Args for PolicyArgs {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("policy")
            .long("policy")
            .value_name("FILE|-")
            .help("The policy file (YAML), or - for standard input; flags override it")
            .help_heading("Policy");
        SETTINGS.iter().map(flag).fold(command.arg(file), Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(setting: &'static Setting) -> Arg {
    let default = if setting.default.is_empty() { "none" } else { setting.default };
    Arg::new(setting.flag)
        .long(setting.flag)
        .value_name(setting.value_name)
        .help(format!("{} ({}) [default: {default}]", setting.help, setting.path))
        .help_heading("Policy")
        .action(ArgAction::Append)
}

impl FromArgMatches for PolicyArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |setting: &'static Setting| {
            let values = matches.get_many::<String>(setting.flag)?.cloned().collect();
            Some(Override { flag: setting.flag, values })
        };
        Ok(Self {
            file: matches.get_one::<String>("policy").cloned(),
            overrides: SETTINGS.iter().filter_map(given).collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
