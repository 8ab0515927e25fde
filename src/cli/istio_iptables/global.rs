//! The flags of every command, among Istio's.

use clap::ValueEnum;

use crate::cli::{logs, output};
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
            output: one(words, output, output::Format::Text, &mut faults),
            log_level: one(words, level, logs::Level::Warn, &mut faults),
            log_format: one(words, format, logs::Format::Text, &mut faults),
            faults,
        }
    }
}

fn one<T: ValueEnum>(words: &Words, flag: &str, usual: T, faults: &mut Vec<Fault>) -> T {
    let Some(text) = words.own(flag) else { return usual };
    if let Ok(value) = T::from_str(text, false) {
        return value;
    }
    let known = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let known: Vec<String> = known.map(|value| value.get_name().to_owned()).collect();
    let reason = format!("must be one of {}", known.join(", "));
    faults.push(Fault::new(&format!("--{flag}"), Some(text), reason));
    usual
}
