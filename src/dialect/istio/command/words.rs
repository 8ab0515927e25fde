//! Splits the words of a command line into flags, as Istio's own command does.

use std::slice::Iter;

use super::flag::{Becomes, Flag};
use super::table::FLAGS;
use crate::policy::Fault;

/// Flags as they were written, and what could not be one.
#[derive(Clone, Debug, Default)]
pub struct Words {
    said: Vec<Said>,
    own: Vec<(&'static str, String)>,
    asks_help: bool,
    pub(super) faults: Vec<Fault>,
}

/// One flag with its value.
#[derive(Clone, Debug)]
struct Said {
    long: &'static str,
    name: String,
    text: String,
}

impl Words {
    /// Splits what follows the command's name. `own` are long flags with a value that are not
    /// Istio's; they are kept for the caller.
    ///
    /// As in Istio: `--flag=value`, `--flag value`, `-f value`, `-fvalue`, `-f=value`; the value is
    /// the next word whatever it begins with; a flag that is true or false takes its value behind
    /// `=` alone. Unlike Istio: words that belong to no flag are faults, and so is a flag that is
    /// given twice with different values.
    #[must_use]
    pub fn parse(words: &[String], own: &[&'static str]) -> Words {
        let mut parsed = Words::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match (word.strip_prefix("--"), word.strip_prefix('-')) {
                (Some(""), _) => rest.by_ref().for_each(|word| parsed.stray(word)),
                (Some(long), _) => parsed.long(long, own, &mut rest),
                (None, Some(short)) if !short.is_empty() => parsed.short(short, &mut rest),
                (None, _) => parsed.stray(word),
            }
        }
        parsed
    }

    /// Whether `--help` or `-h` is among them.
    #[must_use]
    pub fn asks_help(&self) -> bool {
        self.asks_help
    }

    /// The value of one of the caller's own flags; the last one counts.
    #[must_use]
    pub fn own(&self, long: &str) -> Option<&str> {
        let found = self.own.iter().rev().find(|(name, _)| *name == long);
        found.map(|(_, text)| text.as_str())
    }

    /// The name of a flag as it was written, and its value.
    pub(super) fn said(&self, flag: &Flag) -> Option<(&str, &str)> {
        let is_it = |said: &&Said| !flag.long.is_empty() && said.long == flag.long;
        self.said.iter().find(is_it).map(|said| (said.name.as_str(), said.text.as_str()))
    }

    fn long(&mut self, word: &str, own: &[&'static str], rest: &mut Iter<'_, String>) {
        let (long, inline) = match word.split_once('=') {
            Some((long, value)) => (long, Some(value)),
            None => (word, None),
        };
        let name = format!("--{long}");
        if long == "help" {
            self.asks_help = true;
        } else if let Some(known) = own.iter().find(|known| **known == long) {
            let text = self.value(&name, inline, rest);
            self.own.extend(text.map(|text| (*known, text)));
        } else if let Some(flag) = FLAGS.iter().find(|flag| flag.long == long && !long.is_empty()) {
            self.flag(flag, &name, inline, rest);
        } else {
            self.unknown(&name, nearest(long));
            // What follows is its value, most likely.
            if inline.is_none()
                && rest.as_slice().first().is_some_and(|word| !word.starts_with('-'))
            {
                rest.next();
            }
        }
    }

    /// One or more short flags in one word.
    fn short(&mut self, word: &str, rest: &mut Iter<'_, String>) {
        let mut letters = word.chars();
        while let Some(letter) = letters.next() {
            let name = format!("-{letter}");
            let tail = letters.as_str();
            let inline = tail.strip_prefix('=').or((!tail.is_empty()).then_some(tail));
            match FLAGS.iter().find(|flag| flag.short == Some(letter)) {
                None if letter == 'h' => self.asks_help = true,
                None => return self.unknown(&format!("-{word}"), None),
                Some(flag) if flag.is_truth() && !tail.starts_with('=') => {
                    self.flag(flag, &name, None, rest);
                }
                Some(flag) => return self.flag(flag, &name, inline, rest),
            }
        }
    }

    fn flag(
        &mut self,
        flag: &'static Flag,
        name: &str,
        inline: Option<&str>,
        rest: &mut Iter<'_, String>,
    ) {
        let text = match inline {
            None if flag.is_truth() => Some(String::from("true")),
            inline => self.value(name, inline, rest),
        };
        let Some(text) = text else { return };
        let differs = self.said(flag).is_some_and(|(_, before)| before != text);
        if differs && !matches!(flag.becomes, Becomes::Nothing(_)) {
            let reason = "is given more than once; Istio takes the last one alone: write one";
            self.faults.push(Fault::new(name, Some(&text), reason));
        }
        self.said.push(Said { long: flag.long, name: name.to_owned(), text });
    }

    fn value(
        &mut self,
        name: &str,
        inline: Option<&str>,
        rest: &mut Iter<'_, String>,
    ) -> Option<String> {
        let text = inline.map(str::to_owned).or_else(|| rest.next().cloned());
        if text.is_none() {
            self.faults.push(Fault::new(name, None, "needs a value"));
        }
        text
    }

    fn unknown(&mut self, name: &str, meant: Option<&str>) {
        let advice = meant.map(|meant| format!("; --{meant} is")).unwrap_or_default();
        self.faults.push(Fault::new(name, None, format!("is no flag of istio-iptables{advice}")));
    }

    fn stray(&mut self, word: &str) {
        let reason = "belongs to no flag; a flag that is true or false takes its value behind =";
        self.faults.push(Fault::new("arguments", Some(word), reason));
    }
}

/// The flag that was meant, where one is near enough.
fn nearest(long: &str) -> Option<&'static str> {
    let known = FLAGS.iter().map(|flag| flag.long).filter(|known| !known.is_empty());
    let near = known.map(|known| (strsim::damerau_levenshtein(long, known), known));
    let near = near.filter(|(slips, known)| slips * 3 <= known.len());
    near.min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Words {
        let words: Vec<String> = line.iter().map(ToString::to_string).collect();
        Words::parse(&words, &["output"])
    }

    fn said(line: &[&str]) -> Vec<String> {
        let words = parse(line);
        assert!(words.faults.is_empty(), "{:?}", words.faults);
        words.said.iter().map(|said| format!("{} {} {}", said.long, said.name, said.text)).collect()
    }

    fn faults(line: &[&str]) -> Vec<String> {
        parse(line).faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_way_to_write_a_value() {
        for line in [&["-p", "1"][..], &["-p1"], &["-p=1"]] {
            assert_eq!(said(line), ["envoy-port -p 1"], "{line:?}");
        }
        for line in [&["--envoy-port", "1"][..], &["--envoy-port=1"]] {
            assert_eq!(said(line), ["envoy-port --envoy-port 1"], "{line:?}");
        }
        assert_eq!(said(&["-x", "", "-b", "-d"]).len(), 2);
        assert_eq!(
            said(&["--istio-inbound-ports="]),
            ["istio-inbound-ports --istio-inbound-ports "]
        );
    }

    #[test]
    fn truths_take_no_further_word() {
        let on = "dry-run -n true";
        assert_eq!(said(&["-n"]), [on]);
        assert_eq!(said(&["-nf"]), [on, "restore-format -f true"]);
        assert_eq!(said(&["-n=false"]), ["dry-run -n false"]);
        assert_eq!(said(&["--dry-run=0"]), ["dry-run --dry-run 0"]);
        assert_eq!(said(&["-np", "1"]), [on, "envoy-port -p 1"]);
        assert!(faults(&["--dry-run", "false"])[0].starts_with("arguments: false: belongs"));
    }

    #[test]
    fn all_that_is_no_flag() {
        let faults = faults(&[
            "--envoy-prot",
            "1",
            "-y",
            "stray",
            "-",
            "--what=1",
            "--",
            "-p",
            "--envoy-port",
        ]);
        assert_eq!(faults.len(), 7, "{faults:#?}");
        assert_eq!(faults[0], "--envoy-prot: is no flag of istio-iptables; --envoy-port is");
        assert_eq!(faults[1], "-y: is no flag of istio-iptables");
        assert!(faults[5].starts_with("arguments: -p: belongs to no flag"), "{faults:#?}");
        assert_eq!(super::tests::faults(&["-b"]), ["-b: needs a value"]);
    }

    #[test]
    fn twice_is_once_where_it_says_the_same() {
        assert_eq!(said(&["-p", "1", "--envoy-port=1"]).len(), 2);
        assert!(
            faults(&["-b", "80", "-b", "90"])[0].starts_with("-b: 90: is given more than once")
        );
        assert!(faults(&["--log_target", "a", "--log_target", "b"]).is_empty());
    }

    #[test]
    fn help_and_flags_of_the_caller() {
        let words = parse(&["-p", "1", "--output", "text", "--output=json"]);
        assert_eq!((words.own("output"), words.own("log-level")), (Some("json"), None));
        assert!(!words.asks_help() && parse(&["-p", "1", "-h"]).asks_help());
        assert!(parse(&["--help"]).asks_help() && !parse(&["-p", "--help"]).asks_help());
    }
}
