//! A packet's way through a ruleset: what becomes of it, and which rules decided; pure.
//!
//! Rules are evaluated as the kernel does it (6.18), on the bytes of a header, in the order of
//! hooks and priorities. What is not among the rules is not known here: routes, other tables, and
//! whether somebody listens.

mod flow;
mod header;
mod load;
mod packet;
mod registers;
mod rule;
mod settings;
mod step;
mod walk;

#[cfg(test)]
mod tests;

pub use packet::{
    Addresses, Cgroup, Packet, Ports, Protocol, Socket, State, TCP_ACK, TCP_SYN, Way,
};
pub use settings::with_settings;
pub use step::{Capture, Effect, Explanation, Matched, Step, Verdict};

use crate::ruleset::Ruleset;

/// Explains what the rules do with a packet.
///
/// A packet that is sent meets the output hook and the postrouting hook; if it leaves by `lo`, or
/// is redirected, it meets the prerouting hook and the input hook then. One that comes in meets
/// these two. Connection tracking is taken to run, as it does wherever a rule redirects. A mark
/// that a rule sets may route a packet elsewhere; that is not followed.
#[must_use]
pub fn explain(ruleset: &Ruleset, packet: &Packet) -> Explanation {
    walk::walk(ruleset, packet)
}
