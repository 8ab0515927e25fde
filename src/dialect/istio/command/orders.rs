//! What the command is asked to do.

use std::time::Duration;

use super::accounts::Accounts;
use super::read::duration;
use super::reader::{Reader, Said, Variables};
use super::words::Words;
use super::{identity, settings};
use crate::dialect::istio::lists;
use crate::dialect::{Flaw, Told};
use crate::policy::{CapturePolicy, PolicyError};
use crate::words::Port;

/// What messages call the place where the policy comes from.
const ORIGIN: &str = "flags and environment";

/// What one call of Istio's command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// What to do first.
    pub work: Work,
    /// What to do with rules of other meshes that are there already.
    pub others: Others,
    /// What to try afterwards, if anything.
    pub validation: Option<Validation>,
    /// The network namespace, by its path or name; `None` for that of the caller.
    pub netns: Option<String>,
    /// What to capture.
    pub policy: CapturePolicy,
    /// What a user should know.
    pub notes: Vec<String>,
}

/// What to do with the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Apply the policy.
    Apply,
    /// Print what would be applied, and touch nothing.
    Show,
    /// Remove what is ours.
    CleanUp,
    /// Say that it would be removed, and touch nothing.
    ShowCleanUp,
    /// Nothing.
    Nothing,
}

/// What to do with rules of other meshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Refuse to apply beside them.
    Refuse,
    /// Take them away.
    TakeOver,
}

/// A try whether capture works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validation {
    /// The port to which is connected.
    pub port: Port,
    /// How long that may take.
    pub timeout: Duration,
}

impl Invocation {
    /// Reads what was asked for. Flags are stronger than variables; a variable that is empty says
    /// nothing.
    ///
    /// # Errors
    /// Everything that is wrong, at once, each by the flag or variable that it was written with.
    pub fn read(
        words: &Words,
        variables: &Variables,
        accounts: &Accounts,
    ) -> Result<Invocation, PolicyError> {
        let mut reader = Reader::new(words, variables, accounts);
        let work = work(&mut reader);
        // What was applied must be removable whatever is wrong with the words it was applied with.
        if !work.removes() {
            reader.check();
            settings::say(&mut reader);
            identity::say(&mut reader);
        }
        let others = if reader.is("reconcile") { Others::TakeOver } else { Others::Refuse };
        let validation = validation(&mut reader, work);
        let netns = netns(&mut reader);
        let Reader { told, notes, .. } = reader;
        let policy = told.finish(ORIGIN)?;
        Ok(Invocation { work, others, validation, netns, policy, notes })
    }
}

impl Work {
    /// Whether rules are taken away, and none are made.
    fn removes(self) -> bool {
        match self {
            Self::CleanUp | Self::ShowCleanUp => true,
            Self::Apply | Self::Show | Self::Nothing => false,
        }
    }
}

fn work(reader: &mut Reader<'_>) -> Work {
    let is_skipped = reader.is("skip-rule-apply");
    match (is_skipped, reader.is("cleanup-only"), reader.is("dry-run")) {
        (true, _, _) => Work::Nothing,
        (false, false, false) => Work::Apply,
        (false, false, true) => Work::Show,
        (false, true, false) => Work::CleanUp,
        (false, true, true) => Work::ShowCleanUp,
    }
}

fn validation(reader: &mut Reader<'_>, work: Work) -> Option<Validation> {
    let port = one(reader, "iptables-probe-port", |text| {
        lists::port(text).map_err(|reason| Flaw::new(text, reason))
    });
    let timeout = one(reader, "probe-timeout", duration);
    if !reader.is("run-validation") {
        return None;
    }
    let nothing_there = match work {
        Work::Apply | Work::Nothing => None,
        Work::Show => Some("dry-run"),
        Work::CleanUp | Work::ShowCleanUp => Some("cleanup-only"),
    };
    if let Some(other) = nothing_there {
        let (name, other) = (reader.named("run-validation").name, reader.named(other).name);
        let reason = format!("does not go with {other}, which leaves nothing to try");
        reader.told.fault(&name, None, reason);
    }
    if let Some(port) = port {
        doubt(reader, port);
    }
    Some(Validation { port: port?, timeout: timeout? })
}

/// Where the proxy listens nothing else can; and the tunnel port is never captured.
fn doubt(reader: &mut Reader<'_>, port: Port) {
    let flags = ["envoy-port", "inbound-capture-port", "inbound-tunnel-port"];
    let said = flags.map(|flag| lists::port(&reader.named(flag).text).ok());
    let dns = CapturePolicy::default().proxy.ports.dns;
    if said.contains(&Some(port)) || port == dns {
        let name = reader.named("iptables-probe-port").name;
        let reason = "is one of the proxy's ports; --run-validation needs another";
        reader.told.fault(&name, Some(&port.to_string()), reason);
    }
}

fn one<T>(
    reader: &mut Reader<'_>,
    name: &str,
    read: impl Fn(&str) -> Result<T, Flaw>,
) -> Option<T> {
    let Said { name, text } = reader.named(name);
    read(&text).map_err(|flaw| reader.flaw(&name, flaw)).ok()
}

fn netns(reader: &mut Reader<'_>) -> Option<String> {
    let Said { name, text } = reader.named("network-namespace");
    let is_said = reader.has("network-namespace");
    let is_for_cni = reader.is("cni-mode");
    if text.is_empty() && is_said {
        refuse(&mut reader.told, &name, "names no namespace; write its path, or leave it out");
    } else if text.is_empty() && is_for_cni {
        let name = reader.named("cni-mode").name;
        refuse(&mut reader.told, &name, "needs --network-namespace, which names the pod");
    }
    (!text.is_empty()).then_some(text)
}

fn refuse(told: &mut Told, name: &str, reason: &str) {
    told.fault(name, None, reason);
}
