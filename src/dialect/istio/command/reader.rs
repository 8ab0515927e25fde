//! What flags and variables say together, and the faults of both.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::flag::{Becomes, Flag};
use super::table::FLAGS;
use super::words::Words;
use crate::dialect::istio::truth::truth;
use crate::dialect::{Flaw, Told};

/// Environment variables by their names.
pub type Variables = BTreeMap<String, String>;

/// Everything that is read, and what was made of it so far.
pub(super) struct Reader<'a> {
    words: &'a Words,
    variables: &'a Variables,
    /// Users and groups by name.
    pub(super) accounts: &'a Accounts,
    /// Settings and faults.
    pub(super) told: Told,
    /// What a user should know.
    pub(super) notes: Vec<String>,
}

/// A value, and by which name it was given.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// The flag or the variable, as it was written.
    pub(super) name: String,
    /// The value.
    pub(super) text: String,
}

impl<'a> Reader<'a> {
    /// Takes up the faults of the words.
    pub(super) fn new(words: &'a Words, variables: &'a Variables, accounts: &'a Accounts) -> Self {
        let (told, notes) = (Told::default(), Vec::new());
        let mut reader = Reader { words, variables, accounts, told, notes };
        for fault in &words.faults {
            reader.told.take(fault.clone());
        }
        reader
    }

    /// Takes up variables that contradict each other, and values that can't be heeded whatever they
    /// are for.
    pub(super) fn check(&mut self) {
        for flag in FLAGS {
            self.contradiction(flag);
            self.without_meaning(flag);
            self.garbled(flag);
        }
    }

    /// What was given: the flag, else the first of its variables that is not empty.
    pub(super) fn given(&self, flag: &Flag) -> Option<Said> {
        let said = self.words.said(flag);
        let said = said.map(|(name, text)| Said { name: name.to_owned(), text: text.to_owned() });
        said.or_else(|| self.of_variables(flag).next())
    }

    /// What was given, else Istio's default.
    pub(super) fn value(&self, flag: &Flag) -> Said {
        let usual = || Said { name: flag.name(), text: flag.default.to_owned() };
        self.given(flag).unwrap_or_else(usual)
    }

    /// What was given by this name, a long flag's or a variable's, else Istio's default.
    pub(super) fn named(&self, name: &str) -> Said {
        let nothing = || Said { name: name.to_owned(), text: String::new() };
        flag(name).map_or_else(nothing, |flag| self.value(flag))
    }

    /// Whether something was given by this name.
    pub(super) fn has(&self, name: &str) -> bool {
        flag(name).is_some_and(|flag| self.given(flag).is_some())
    }

    /// Whether what goes by this name is true; a fault where it is neither.
    pub(super) fn is(&mut self, name: &str) -> bool {
        let Said { name, text } = self.named(name);
        truth(&text).unwrap_or_else(|flaw| {
            self.flaw(&name, flaw);
            false
        })
    }

    /// Adds a fault.
    pub(super) fn flaw(&mut self, name: &str, flaw: Flaw) {
        self.told.fault(name, Some(&flaw.text), flaw.reason);
    }

    fn of_variables(&self, flag: &Flag) -> impl Iterator<Item = Said> {
        flag.variables.iter().filter_map(|name| {
            // Istio's releases differ in what an empty variable says.
            let text = self.variables.get(*name).filter(|text| !text.is_empty())?;
            Some(Said { name: (*name).to_owned(), text: text.clone() })
        })
    }

    /// Which of two variables counts differs between Istio's releases.
    fn contradiction(&mut self, flag: &Flag) {
        if self.words.said(flag).is_some() {
            return;
        }
        let said: Vec<Said> = self.of_variables(flag).collect();
        let Some((first, others)) = said.split_first() else { return };
        for other in others.iter().filter(|other| truth(&other.text) != truth(&first.text)) {
            let reason = format!(
                "says otherwise than {}, and which one counts differs between Istio's releases: \
                 unset one",
                first.name
            );
            self.told.fault(&other.name, Some(&other.text), reason);
        }
    }

    /// What was not UTF-8 has this character in place of its bytes.
    fn garbled(&mut self, flag: &Flag) {
        let said = self.given(flag).filter(|said| said.text.contains('\u{fffd}'));
        if let Some(Said { name, text }) = said {
            self.told.fault(&name, Some(&text), "is not UTF-8");
        }
    }

    fn without_meaning(&mut self, flag: &Flag) {
        let Some(Said { name, text }) = self.given(flag) else { return };
        match flag.becomes {
            Becomes::Refused(why) => self.told.fault(&name, Some(&text), why),
            Becomes::Nothing(_) if flag.is_truth() => {
                if let Err(flaw) = truth(&text) {
                    self.flaw(&name, flaw);
                }
            }
            Becomes::Nothing(_)
            | Becomes::Setting { .. }
            | Becomes::Joint(_)
            | Becomes::Order(_) => {}
        }
    }
}

fn flag(name: &str) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.long == name || flag.variables.contains(&name))
}
