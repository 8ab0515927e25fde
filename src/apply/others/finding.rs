//! What was found of others.

use std::collections::BTreeSet;
use std::fmt;

use super::mesh::Mesh;
use super::place::Place;
pub use super::table::Effect;

/// Rules of others in one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who made them.
    pub who: Who,
    /// The table.
    pub place: Place,
    /// The chains: of a mesh all of its own, of somebody else those with the rules in question.
    pub chains: Vec<String>,
    /// What they do.
    pub what: What,
    /// How they go.
    pub(super) removal: Removal,
}

/// Who made rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A mesh.
    Mesh(Mesh),
    /// Nobody that is known.
    Unknown,
}

/// What rules do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// They capture.
    Captures,
    /// They are left over: no base chain leads to them.
    LeftOver,
    /// They change where some connections go, or keep NAT off them.
    Touches(BTreeSet<Effect>),
}

/// What a finding means for an apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Capture of a known mesh: connections would be redirected twice.
    Refuse,
    /// Something to know.
    Note,
}

/// How the rules of a finding go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Removal {
    /// They are somebody's own: not at all.
    Never,
    /// With their table, which is theirs alone.
    Table,
    /// Chain by chain.
    Chains {
        /// The rules in other chains that lead to them, or to the mesh's DNS port.
        leading: Vec<Leading>,
        /// How many rules there are in base chains besides.
        beside: usize,
    },
}

/// A rule that leads to a mesh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leading {
    /// The chain that it is in.
    pub(super) chain: String,
    /// Its number.
    pub(super) handle: u64,
}

impl Finding {
    /// What it means for an apply.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self.what {
            What::Captures => Severity::Refuse,
            What::LeftOver | What::Touches(_) => Severity::Note,
        }
    }

    /// The mesh, if it is one.
    #[must_use]
    pub fn mesh(&self) -> Option<Mesh> {
        match self.who {
            Who::Mesh(mesh) => Some(mesh),
            Who::Unknown => None,
        }
    }

    /// `iptables-legacy, table ip nat: chains ISTIO_INBOUND, ISTIO_OUTPUT`.
    pub(super) fn place_and_chains(&self) -> String {
        let word = if self.chains.len() == 1 { "chain" } else { "chains" };
        format!("{}: {word} {}", self.place, self.chains.join(", "))
    }
}

/// The sentence for a note.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place_and_chains();
        match (&self.what, &self.who) {
            (What::Captures, Who::Mesh(mesh)) => {
                write!(f, "capture rules of {mesh} are here ({place})")
            }
            (What::Captures, Who::Unknown) => write!(f, "capture rules are here ({place})"),
            (What::LeftOver, Who::Mesh(mesh)) => {
                write!(f, "rules of {mesh} are left over, which nothing leads to ({place})")
            }
            (What::LeftOver, Who::Unknown) => write!(f, "rules are left over ({place})"),
            (What::Touches(effects), _) => {
                let effects: Vec<String> = effects.iter().map(ToString::to_string).collect();
                let (effects, command) = (effects.join(", "), self.place.command());
                write!(
                    f,
                    "rules of somebody else change where connections go, or keep NAT off them: \
                     {effects} ({place}). They stay; `{command}` shows them"
                )
            }
        }
    }
}
