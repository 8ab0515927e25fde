//! One event of a trace: a rule that matched, the end of a chain, or the policy that decided.

use crate::ruleset::Verdict;

/// One event (`NFT_MSG_TRACE`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Tells packets apart. A packet that leaves by `lo` comes in again with another one, and the
    /// numbers of packets that are gone are used again.
    pub id: u32,
    /// The table in the words of nft: family and name.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// What happened.
    pub kind: EventKind,
    /// The packet's mark after it.
    pub mark: u32,
    /// The packet itself; in the first event of each base chain alone.
    pub headers: Option<RawHeaders>,
    /// What connection tracking says of it; beside the headers, since Linux 6.16, where it has
    /// seen the packet.
    pub tracked: Option<Tracked>,
}

/// What happened (`enum nft_trace_types`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A rule matched.
    Rule {
        /// Which.
        handle: u64,
        /// What it says.
        outcome: Outcome,
    },
    /// No rule is left in the chain.
    End,
    /// A chain that was jumped to ended.
    Return,
    /// No rule of the base chain decided.
    Policy(Outcome),
    /// A type that is not known here.
    Other(u32),
}

/// What a rule or a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next rule is looked at (`NFT_CONTINUE`).
    Continue,
    /// A verdict.
    Decided(Verdict),
}

/// The packet as the kernel copied it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawHeaders {
    /// `NFPROTO_IPV4` or `NFPROTO_IPV6`.
    pub nfproto: u32,
    /// The index of the interface by which it came.
    pub iif: Option<u32>,
    /// The index of the interface by which it leaves.
    pub oif: Option<u32>,
    /// The IPv4 or IPv6 header; at most 40 bytes.
    pub network: Vec<u8>,
    /// The beginning of the header behind it; at most 20 bytes.
    pub transport: Vec<u8>,
}

/// What connection tracking says of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracked {
    /// Which way it goes.
    pub direction: Direction,
}

/// Which way a packet of a connection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The way of the first one.
    Original,
    /// Back.
    Reply,
}
