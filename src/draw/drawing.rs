//! What is drawn: a packet's ways, the chains on them with their rules, and the sets; values only.
//!
//! Texts in it are clean: nothing that XML forbids, and nothing that changes the direction of
//! writing.

/// A ruleset as a picture, before anything has a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The table's name.
    pub table: String,
    /// How many rules there are.
    pub rules: usize,
    /// How many chains there are.
    pub chains: usize,
    /// What comes in, then what goes out.
    pub ways: Vec<Way>,
    /// The sets that are shown.
    pub sets: Vec<SetBlock>,
    /// How many more there are.
    pub sets_left_out: usize,
}

/// A packet's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What stands above it.
    pub title: &'static str,
    /// Its parts, each with an end of its own.
    pub legs: Vec<Leg>,
    /// Chains without a hook that are called here first, in the order of the calls.
    pub called: Vec<Block>,
}

/// A part of a way: what a packet meets, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Where it begins.
    pub start: &'static str,
    /// What it meets.
    pub stops: Vec<Stop>,
    /// Where it ends.
    pub end: &'static str,
}

/// What a packet meets on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A part of the kernel that is not ours.
    Kernel(&'static str),
    /// A base chain.
    Chain(Block),
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Which chain of the ruleset it is.
    pub id: usize,
    /// Its name.
    pub name: String,
    /// Its type, hook and priority; or who calls it.
    pub place: String,
    /// What kind it is.
    pub kind: BlockKind,
    /// Its rules.
    pub rows: Vec<Row>,
    /// What becomes of a packet that no rule decides, by the ways it may have come.
    pub otherwise: Vec<Outcome>,
}

/// The kind of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// A base chain that decides.
    Filter,
    /// A base chain that rewrites.
    Nat,
    /// A base chain that routes anew.
    Route,
    /// A chain that is only called.
    Called,
}

/// A line of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A rule.
    Rule {
        /// The rule in the words of nft.
        text: String,
        /// The policy setting that it comes from; empty where that is not known.
        setting: &'static str,
        /// What it does with a packet that it matches.
        outcome: Outcome,
    },
    /// So many rules that are not shown.
    LeftOut(usize),
}

/// What a rule does with a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It goes to a port of the proxy.
    Captured(Port),
    /// This chain does not capture it.
    Direct,
    /// It leaves a chain that never captures.
    GoesOn,
    /// It is dropped.
    Dropped,
    /// It is refused, and the sender is told.
    Refused,
    /// It goes on where the chain was called.
    Returns,
    /// It goes on in another chain.
    Leads(Lead),
    /// It is changed, or its connection is.
    Changed(Change),
    /// Nothing, or nothing that is known here.
    Nothing,
}

/// A port that packets are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// What listens there.
    pub of: PortOf,
    /// Its number; none where the rule does not say one.
    pub number: Option<u16>,
}

/// What a port is, as far as the rule's setting tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortOf {
    /// The proxy's outbound port.
    Outbound,
    /// The proxy's inbound port.
    Inbound,
    /// The proxy's DNS port.
    Dns,
    /// Some port.
    Unknown,
}

/// A call of another chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// The chain's name.
    pub name: String,
    /// Which chain of the ruleset it is; none if it is not there.
    pub to: Option<usize>,
    /// Whether it comes back.
    pub call: Call,
}

/// How a chain is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// It comes back.
    Jump,
    /// It does not come back.
    Goto,
}

/// What a rule changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The packet's mark.
    Mark,
    /// The connection's mark.
    ConnectionMark,
    /// The zone that it is tracked in.
    Zone,
    /// It is not tracked.
    Untracked,
}

/// A set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetBlock {
    /// Its name.
    pub name: String,
    /// What it holds, and how many.
    pub kind: String,
    /// The first of its elements.
    pub elements: Vec<String>,
    /// How many more there are.
    pub left_out: usize,
}

impl Outcome {
    /// What is written on it.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Captured(port) => port.label(),
            Self::Direct => "direct".to_owned(),
            Self::GoesOn => "goes on".to_owned(),
            Self::Dropped => "dropped".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::Returns => "returns".to_owned(),
            Self::Leads(lead) => format!("to {}", lead.name),
            Self::Changed(Change::Mark) => "mark set".to_owned(),
            Self::Changed(Change::ConnectionMark) => "connection mark set".to_owned(),
            Self::Changed(Change::Zone) => "own zone".to_owned(),
            Self::Changed(Change::Untracked) => "not tracked".to_owned(),
            Self::Nothing => String::new(),
        }
    }
}

impl Port {
    fn label(self) -> String {
        let number = self.number.map(|number| format!(" {number}")).unwrap_or_default();
        match self.of {
            PortOf::Outbound => format!("captured: outbound port{number}"),
            PortOf::Inbound => format!("captured: inbound port{number}"),
            PortOf::Dns => format!("captured: DNS port{number}"),
            PortOf::Unknown => format!("captured: port{number}"),
        }
    }
}
