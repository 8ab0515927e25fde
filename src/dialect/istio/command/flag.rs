//! One flag of Istio's command: its names, its meaning there, and what it becomes here.

use crate::dialect::Flaw;
use crate::policy::Setting;

/// A flag of Istio's command, or one of its environment variables that has no flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its long name without the hyphens in front; empty where there are variables alone.
    pub long: &'static str,
    /// Its short name.
    pub short: Option<char>,
    /// Environment variables that say the same; the flag itself is stronger.
    pub variables: &'static [&'static str],
    /// What stands for its value in help texts; `None` where it is true or false, and true where no
    /// value is written.
    pub value_name: Option<&'static str>,
    /// What holds in Istio where it is not given.
    pub default: &'static str,
    /// What it means in Istio, in one sentence without a full stop.
    pub help: &'static str,
    /// What it becomes here.
    pub becomes: Becomes,
}

/// What a flag of Istio's becomes.
#[derive(Clone, Copy, Debug)]
pub enum Becomes {
    /// One setting of ours, by itself.
    Setting {
        /// Our flag without the hyphens in front.
        flag: &'static str,
        /// Reads Istio's text into the form that our flag takes.
        read: fn(&str) -> Result<String, Vec<Flaw>>,
    },
    /// A setting, together with other flags: which one, and how.
    Joint(&'static str),
    /// Something to do: what.
    Order(&'static str),
    /// Nothing: why it has no meaning here.
    Nothing(&'static str),
    /// A fault: why it can't be honoured.
    Refused(&'static str),
}

impl Flag {
    /// Its name in messages where nobody wrote it: the long one, or the variable.
    #[must_use]
    pub fn name(&self) -> String {
        match (self.long, self.variables) {
            ("", [variable, ..]) => (*variable).to_owned(),
            (long, _) => format!("--{long}"),
        }
    }

    /// What it becomes, in words.
    #[must_use]
    pub fn becomes_text(&self) -> String {
        match self.becomes {
            Becomes::Setting { flag, .. } => {
                Setting::by_flag(flag).map_or(flag, |setting| setting.path).to_owned()
            }
            Becomes::Joint(words) | Becomes::Order(words) => words.to_owned(),
            Becomes::Nothing(why) => format!("nothing: {why}"),
            Becomes::Refused(why) => format!("refused: {why}"),
        }
    }

    /// Whether it is true or false.
    pub(super) fn is_truth(&self) -> bool {
        self.value_name.is_none()
    }
}
