//! What a walk found: the verdict, and each step on the way.

use std::fmt;

use crate::ruleset::Name;

/// What becomes of a packet, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What becomes of it.
    pub verdict: Verdict,
    /// Every rule that it met, in order, whether it matched or not.
    pub steps: Vec<Step>,
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes to a port of this pod instead of where it was sent.
    Captured {
        /// The port.
        port: u16,
        /// How.
        by: Capture,
    },
    /// It goes where it was sent.
    Direct,
    /// It is refused, and the sender is told.
    Rejected,
    /// It is dropped in silence.
    Dropped,
    /// A rule that it met does something that is not known here.
    Unknown {
        /// What is not known.
        what: String,
    },
}

/// How a packet is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// Its destination is rewritten.
    Redirect,
    /// It is handed over as it is, if a transparent socket listens on the port; that is assumed.
    Tproxy,
}

/// A rule that a packet met, or the policy of a base chain that dropped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The chain.
    pub chain: Name,
    /// The rule's number in its chain, from 1; none for the chain's policy.
    pub rule: Option<usize>,
    /// The rule in the words of nft.
    pub text: String,
    /// The policy setting that it comes from; empty where that is not known.
    pub setting: &'static str,
    /// Whether it matched.
    pub matched: Matched,
    /// What it did, in order; a rule may do something before a match of it fails.
    pub effects: Vec<Effect>,
}

/// Whether a rule matched a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// All its matches hold.
    Yes,
    /// One of them does not.
    No,
    /// It looks at something that the packet does not have, such as a socket, and ends there.
    Lacks(&'static str),
}

/// What a rule did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Went on in a chain, to come back.
    Jump(Name),
    /// Went on in a chain for good.
    Goto(Name),
    /// Went back to where the chain was jumped to from, or ended the base chain.
    Return,
    /// Let the packet pass the base chain.
    Accept,
    /// Dropped it.
    Drop,
    /// Refused it.
    Reject,
    /// Rewrote its destination to this port of the pod.
    Redirect(u16),
    /// Handed it to the socket that listens on this port.
    Tproxy(u16),
    /// Gave it this mark.
    Mark(u32),
    /// Gave its connection this mark.
    ConnectionMark(u32),
    /// Had its connection tracked in this zone.
    Zone(u16),
    /// Kept it out of connection tracking.
    Untracked,
    /// Did something that is not known here.
    Unknown(String),
}

impl Effect {
    /// The port of the proxy that it gave the packet to, and how, if it did.
    #[must_use]
    pub fn capture(&self) -> Option<(u16, Capture)> {
        match self {
            Self::Redirect(port) => Some((*port, Capture::Redirect)),
            Self::Tproxy(port) => Some((*port, Capture::Tproxy)),
            Self::Jump(_)
            | Self::Goto(_)
            | Self::Return
            | Self::Accept
            | Self::Drop
            | Self::Reject
            | Self::Mark(_)
            | Self::ConnectionMark(_)
            | Self::Zone(_)
            | Self::Untracked
            | Self::Unknown(_) => None,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jump(chain) => write!(f, "jumps to {chain}"),
            Self::Goto(chain) => write!(f, "goes to {chain}"),
            Self::Return => f.write_str("returns"),
            Self::Accept => f.write_str("passes this hook's chain"),
            Self::Drop => f.write_str("drops"),
            Self::Reject => f.write_str("rejects"),
            Self::Redirect(port) => write!(f, "redirects to port {port}"),
            Self::Tproxy(port) => write!(f, "hands over to port {port}"),
            Self::Mark(mark) => write!(f, "sets the mark {mark:#x}"),
            Self::ConnectionMark(mark) => write!(f, "sets the connection's mark {mark:#x}"),
            Self::Zone(zone) => write!(f, "tracks in zone {zone}"),
            Self::Untracked => f.write_str("keeps out of connection tracking"),
            Self::Unknown(what) => write!(f, "not known: {what}"),
        }
    }
}
