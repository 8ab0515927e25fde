//! What a command does to a node: one decision, from what was read and answered.

use super::chain::chain;
use super::folder::Node;
use super::refusal::Refusal;
use super::repair::repair;
use super::standalone::standalone;
use super::step::Plan;
use super::uninstall::{BinaryFate, uninstall};
use super::wanted::{Answers, Wanted, Way};

/// What shall be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// The plugin comes onto the node, or stays as it should be.
    Install(Wanted, Broken),
    /// It leaves.
    Uninstall(BinaryFate),
}

/// What becomes of a file that another installer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is told, and nothing is changed.
    Tell,
    /// It is mended first.
    Mend,
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub plan: Plan,
    /// Why no more than mending can be done.
    pub refused: Option<Refusal>,
}

/// Decides.
///
/// # Errors
/// Nothing shall be done, for it would make things worse.
pub fn decide(node: &Node, work: &Work, answers: &Answers) -> Result<Decision, Refusal> {
    let (wanted, broken) = match work {
        Work::Uninstall(fate) => {
            return Ok(Decision { plan: uninstall(node, *fate), refused: None });
        }
        Work::Install(wanted, broken) => (wanted, broken),
    };
    let install = |node: &Node| match wanted.way {
        Way::Chained => chain(node, wanted, answers),
        Way::Standalone => standalone(node, wanted),
    };
    let mut plan = match broken {
        Broken::Tell => Plan::default(),
        Broken::Mend => repair(node, answers)?,
    };
    match install(&node.after(&plan.steps)) {
        Ok(more) => {
            plan.steps.extend(more.steps);
            plan.told.extend(more.told);
            plan.notes.extend(more.notes);
            plan.network = more.network;
            Ok(Decision { plan, refused: None })
        }
        Err(refusal) if plan.steps.is_empty() => Err(refusal),
        Err(refusal) => Ok(Decision { plan, refused: Some(refusal) }),
    }
}

/// Whether the plugins' answers matter to the decision.
#[must_use]
pub fn asks(node: &Node, work: &Work) -> bool {
    match work {
        Work::Uninstall(_) => false,
        Work::Install(_, Broken::Mend) => true,
        Work::Install(_, Broken::Tell) => {
            let decided = decide(node, work, &Answers::new());
            decided.is_ok_and(|decision| decision.plan.changes_conf())
        }
    }
}
