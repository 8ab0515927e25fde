//! Which command prints in which format: all as text and JSON, `plan` as drawings too.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, ValueEnum};

use super::output::Format;

/// The command whose results can be drawn.
const DRAWS: &str = "plan";

/// What every command prints.
pub(super) const ALL: [Format; 2] = [Format::Text, Format::Json];

/// Gives each command's `--output` the values that the command takes: its help, its completion and
/// its errors tell them.
pub(super) fn with_formats(command: Command) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        let formats = if name == DRAWS { Format::value_variants() } else { &ALL };
        command.mut_subcommand(name, |sub| sub.arg(output(formats)))
    })
}

fn output(formats: &'static [Format]) -> Arg {
    let values = PossibleValuesParser::new(formats.iter().filter_map(ValueEnum::to_possible_value));
    let parser = values.map(|name| Format::from_str(&name, false).unwrap_or(Format::Text));
    // The same name as the flag in front of the command: what is given there counts here.
    Arg::new("output")
        .long("output")
        .value_name("OUTPUT")
        .help("How results are printed")
        .value_parser(parser)
        .default_value(Format::Text.name())
}

/// What is wrong with a format that stands in front of a command which does not take it.
pub(super) fn refusal(
    command: &mut Command,
    name: Option<&str>,
    format: Format,
) -> Option<clap::Error> {
    let name = name.filter(|name| *name != DRAWS && !ALL.contains(&format))?;
    let text = format!(
        "invalid value '{}' for '--output <OUTPUT>': {name} prints text or json, {DRAWS} alone \
         draws",
        format.name()
    );
    Some(command.error(ErrorKind::InvalidValue, text))
}
