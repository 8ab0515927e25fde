//! A command on a node: read, decide, carry out; again where somebody else was faster.

use std::path::Path;

use super::ask::ask;
use super::decide::{Decision, Work, asks, decide};
use super::disk::{Places, Written, carry_out, is_unfinished, read_node, recover, turn};
use super::error::InstallError;
use super::folder::Node;
use super::refusal::Refusal;
use super::versions::to_ask;
use super::wanted::Answers;

/// How often a run begins anew when files change under its hands.
const TRIES: usize = 10;

/// A node and what comes onto it.
pub struct Installer<'a> {
    /// Where the node's folders are.
    pub places: Places,
    /// The plugin's binary, byte for byte.
    pub binary: Vec<u8>,
    /// Told what a user waits for.
    pub tell: &'a dyn Fn(&str),
}

impl Installer<'_> {
    /// What would be done, and to what; touches nothing. Plugins may be asked for their versions.
    ///
    /// # Errors
    /// Folders can't be read, or the change is refused.
    pub fn plan(&self, work: &Work) -> Result<(Node, Decision), InstallError> {
        let node = read_node(&self.places, &self.binary)?;
        let decision = self.decided(&node, work)?;
        Ok((node, decision))
    }

    fn decided(&self, node: &Node, work: &Work) -> Result<Decision, InstallError> {
        let answers = match asks(node, work) {
            true => ask(&self.places, &to_ask(&node.conf))?,
            false => Answers::new(),
        };
        decide(node, work, &answers).map_err(|refusal| {
            let source = Box::new(refusal);
            InstallError::Refused { folder: self.places.conf.clone(), source }
        })
    }

    /// Does it. A run that is killed, or fails, leaves a node that starts pods; the next one goes
    /// on.
    ///
    /// # Errors
    /// As [`Self::plan`]; files can't be written; somebody else writes them all the time; or a
    /// broken file was mended, and no more was possible.
    pub fn run(&self, work: &Work) -> Result<Decision, InstallError> {
        let mut seen = None;
        // Where all is as it should be nothing is written, not even a lock: runtimes watch the folder.
        if !is_unfinished(&self.places)? {
            let (node, decision) = self.plan(work)?;
            if decision.plan.steps.is_empty() {
                return self.done(decision);
            }
            seen = Some((node, decision));
        }
        let _turn = turn(&self.places, self.tell)?;
        let mut notes = recover(&self.places)?;
        let mut overtaken = self.places.conf.clone();
        for _ in 0..TRIES {
            let node = read_node(&self.places, &self.binary)?;
            let mut decision = match seen.take().filter(|(seen, _)| *seen == node) {
                Some((_, decision)) => decision,
                None => self.decided(&node, work)?,
            };
            let steps = &decision.plan.steps;
            match carry_out(&self.places, &node, steps, &self.binary, &mut notes)? {
                Written::All => {
                    decision.plan.notes.append(&mut notes);
                    return self.done(decision);
                }
                Written::Overtaken(path) => overtaken = path,
            }
        }
        Err(InstallError::Changing { path: overtaken })
    }

    fn done(&self, decision: Decision) -> Result<Decision, InstallError> {
        match decision.refused {
            Some(source) => Err(self.refused(source)),
            None => Ok(decision),
        }
    }

    /// The error of a decision that came to mending only.
    #[must_use]
    pub fn refused(&self, source: Refusal) -> InstallError {
        InstallError::MendedOnly { folder: self.places.conf.clone(), source: Box::new(source) }
    }
}

/// The binary of this process, which is the plugin's too.
///
/// # Errors
/// It can't be read.
pub fn own_binary() -> Result<Vec<u8>, InstallError> {
    let path = Path::new("/proc/self/exe");
    let failed = |source| InstallError::file("read", path, source);
    std::fs::read(path).map_err(failed)
}
