//! Collects what a dialect says about settings, and what is wrong with it.

use std::collections::BTreeMap;

use crate::policy::{CapturePolicy, Fault, Layer, Override, PolicyError};

/// A text that no setting takes: it stands for a value that the dialect could not read, so that the
/// policy concludes nothing from its absence.
const UNREADABLE: &str = "\0";

/// What is wrong with a value, or with one item of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The text that is wrong, as it was written.
    pub text: String,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl Flaw {
    /// `text` is wrong for `reason`.
    pub fn new(text: &str, reason: impl Into<String>) -> Flaw {
        Flaw { text: text.to_owned(), reason: reason.into() }
    }
}

/// Settings in a dialect's words, each with the name by which the dialect calls it.
///
/// Settings are named by our flags without the hyphens in front, as [`Override::flag`].
#[derive(Clone, Debug, Default)]
pub struct Told {
    said: BTreeMap<&'static str, Said>,
    faults: Vec<Fault>,
}

#[derive(Clone, Debug)]
struct Said {
    name: String,
    value: Option<String>,
}

impl Told {
    /// Says a setting, in the form that our flag takes: one value, or a list with commas, which is
    /// empty where the text is. What was said of it before is forgotten. `name` is what the dialect
    /// calls it.
    pub fn say(&mut self, flag: &'static str, name: &str, value: impl Into<String>) {
        self.said.insert(flag, Said { name: name.to_owned(), value: Some(value.into()) });
    }

    /// Says a setting from what was read, or takes up what is wrong with it, by which the setting is
    /// refused: nothing is concluded from it.
    pub fn say_read(
        &mut self,
        flag: &'static str,
        name: &str,
        read: Result<impl Into<String>, Vec<Flaw>>,
    ) {
        match read {
            Ok(value) => self.say(flag, name, value),
            Err(flaws) => {
                self.said.insert(flag, Said { name: name.to_owned(), value: None });
                for Flaw { text, reason } in flaws {
                    self.fault(name, Some(&text), reason);
                }
            }
        }
    }

    /// Adds a fault of the dialect's own: `text` is what was written at `name`, `None` where nothing
    /// was.
    pub fn fault(&mut self, name: &str, text: Option<&str>, reason: impl Into<String>) {
        self.faults.push(Fault::new(name, text, reason));
    }

    /// Adds a fault that was found elsewhere.
    pub fn take(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// What was said, well or badly: each setting's flag, with the dialect's name for it.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.said.iter().map(|(flag, said)| (*flag, said.name.as_str()))
    }

    /// Whether something was said of the setting, well or badly.
    pub fn has(&self, flag: &str) -> bool {
        self.said.contains_key(flag)
    }

    /// The policy that was said; settings of which nothing was said have our defaults. `origin` is
    /// what messages call the whole, such as `pod shop/web`.
    ///
    /// # Errors
    /// Everything that is wrong, at once: the dialect's own faults first, then those of the policy, in
    /// the dialect's names where it has said the setting.
    pub fn finish(self, origin: &str) -> Result<CapturePolicy, PolicyError> {
        self.finish_over(&[], origin)
    }

    /// The policy that was said over these layers; settings of which nothing was said have theirs.
    ///
    /// # Errors
    /// As [`Told::finish`].
    pub fn finish_over(
        self,
        layers: &[Layer<'_>],
        origin: &str,
    ) -> Result<CapturePolicy, PolicyError> {
        let overrides: Vec<Override> = self
            .said
            .iter()
            .map(|(flag, said)| {
                let value = said.value.as_deref().unwrap_or(UNREADABLE);
                Override { flag, values: vec![value.to_owned()] }
            })
            .collect();
        let read = CapturePolicy::layered(layers, &overrides);
        let of_policy = read.as_ref().err().map(|error| error.faults.clone()).unwrap_or_default();
        let named = of_policy.into_iter().filter_map(|fault| self.in_dialect(fault));
        match PolicyError::of(origin, self.faults.iter().cloned().chain(named)) {
            Some(error) => Err(error),
            None => read,
        }
    }

    /// The fault in the dialect's names; `None` where the dialect has told it already.
    fn in_dialect(&self, fault: Fault) -> Option<Fault> {
        let said = fault.field.strip_prefix("--").and_then(|flag| self.said.get(flag));
        if said.is_some_and(|said| said.value.is_none()) {
            return None;
        }
        let field = said.map_or(fault.field, |said| said.name.clone());
        Some(Fault { field, reason: self.renamed(&fault.reason), ..fault })
    }

    /// A text with `--FLAG` replaced by the dialect's name, where it has said that flag.
    fn renamed(&self, text: &str) -> String {
        let mut parts = text.split("--");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let end = part.find(|c| !is_part(c)).unwrap_or(part.len());
            let (flag, rest) = part.split_at(end);
            match self.said.get(flag) {
                Some(said) => whole.push_str(&said.name),
                None => whole.extend(["--", flag]),
            }
            whole.push_str(rest);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::SETTINGS;

    fn lines(told: Told) -> Vec<String> {
        let error = told.finish("pod a/b").unwrap_err();
        assert_eq!(error.origin, "pod a/b");
        error.faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_said_is_the_policy() {
        assert_eq!(Told::default().finish(""), Ok(CapturePolicy::default()));
        let mut told = Told::default();
        told.say("outbound-port", "-p", "1");
        told.say("outbound-port", "-p", "16001");
        told.say_read("outbound-ranges", "-i", Ok::<_, Vec<Flaw>>(""));
        assert!(told.has("outbound-port") && !told.has("inbound-port"));
        let policy = told.finish("").unwrap();
        let yaml = "apiVersion: nftdivert/v1\n\
                    proxy: {ports: {outbound: 16001}}\noutbound: {ranges: []}";
        assert_eq!(Ok(policy), CapturePolicy::from_yaml(yaml));
    }

    #[test]
    fn faults_of_the_dialect_and_of_the_policy_come_together() {
        let mut told = Told::default();
        told.say("outbound-port", "-p", "70000");
        told.say("tproxy-mark", "-t", "7");
        told.say("tproxy-outbound-mark", "MARK_OUT", "7");
        told.say_read(
            "inbound-ports",
            "-b",
            Err::<String, _>(vec![Flaw::new(" 80", "has a blank")]),
        );
        told.fault("--magic", None, "is not known here");
        assert_eq!(
            lines(told),
            [
                "-b: \" 80\": has a blank",
                "--magic: is not known here",
                "-p: 70000: must be a port, 1-65535",
                "MARK_OUT: 7: is -t too; the two tell different packets apart",
            ]
        );
    }

    #[test]
    fn settings_that_were_not_said_keep_our_names() {
        let mut told = Told::default();
        told.say("outbound-port", "-p", "15008");
        let said = lines(told);
        assert!(said[0].starts_with("-p: 15008: is proxy.ports.tunnel too"), "{said:?}");
    }

    #[test]
    fn nothing_is_concluded_from_what_was_refused() {
        for setting in SETTINGS {
            let mut told = Told::default();
            let flaws = Err::<String, _>(vec![Flaw::new("x", "is bad")]);
            told.say_read(setting.flag, "theirs", flaws);
            assert_eq!(lines(told), ["theirs: x: is bad"], "{}", setting.flag);
        }
        let mut told = Told::default();
        told.say("outbound-port", "-p", "15008");
        told.say_read("tunnel-port", "-e", Err::<String, _>(vec![Flaw::new("x", "is bad")]));
        assert_eq!(lines(told), ["-e: x: is bad"]);
        // A list that could not be read is not an empty one.
        let mut told = Told::default();
        told.say("proxy-uid", "-u", "");
        told.say_read("proxy-gid", "-g", Err::<String, _>(vec![Flaw::new("x", "is bad")]));
        assert_eq!(lines(told), ["-g: x: is bad"]);
    }

    #[test]
    fn only_whole_flags_are_renamed() {
        let mut told = Told::default();
        told.say("inbound-port", "-z", "1");
        let text = "--inbound-ports and --inbound-port, a -- b --";
        assert_eq!(told.renamed(text), "--inbound-ports and -z, a -- b --");
    }
}
