//! The flags of every command, among Istio's.

use clap::ValueEnum;

use crate::cli::{formats, logs, output};
use crate::dialect::istio::command::Words;
use crate::policy::Fault;

/// Flags that are ours, without the hyphens in front; each has a value.
pub(super) const OWN: [&str; 3] = ["output", "log-level", "log-format"];

/// What the flags of every command say, and what is wrong with them.
#[derive(Debug)]
pub(super) struct Global {
    pub(super) output: output::Format,
    pub(super) log_level: logs::Level,
    pub(super) log_format: logs::Format,
    pub(super) faults: Vec<Fault>,
}

impl Global {
    /// Reads them; where one is wrong, its default holds.
    pub(super) fn read(words: &Words) -> Self {
        let mut faults = Vec::new();
        let [output, level, format] = OWN;
        Self {
            output: one(words, output, &formats::ALL, output::Format::Text, &mut faults),
            log_level: one(
                words,
                level,
                logs::Level::value_variants(),
                logs::Level::Warn,
                &mut faults,
            ),
            log_format: one(
                words,
                format,
                logs::Format::value_variants(),
                logs::Format::Text,
                &mut faults,
            ),
            faults,
        }
    }
}

fn one<T: ValueEnum>(
    words: &Words,
    flag: &str,
    taken: &[T],
    usual: T,
    faults: &mut Vec<Fault>,
) -> T {
    let Some(text) = words.own(flag) else { return usual };
    let known = || taken.iter().filter_map(|value| Some((value, value.to_possible_value()?)));
    if let Some((value, _)) = known().find(|(_, possible)| possible.get_name() == text) {
        return value.clone();
    }
    let names: Vec<String> = known().map(|(_, possible)| possible.get_name().to_owned()).collect();
    let reason = format!("must be one of {}", names.join(", "));
    faults.push(Fault::new(&format!("--{flag}"), Some(text), reason));
    usual
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(line: &[&str]) -> Vec<String> {
        let line: Vec<String> = line.iter().map(ToString::to_string).collect();
        let global = Global::read(&Words::parse(&line, &OWN));
        global.faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn formats_that_draw_are_plans_alone() {
        assert!(faults(&["--output", "json", "--log-level=debug"]).is_empty());
        for drawing in ["svg", "dot"] {
            let told = faults(&["--output", drawing]);
            assert_eq!(told, [format!("--output: {drawing}: must be one of text, json")]);
        }
    }
}
