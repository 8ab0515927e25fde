//! A batch: messages that take effect together or not at all. Each carries a label, so that an
//! error can say which object it is about.

use std::fmt;

use netlink_packet_core::{
    DefaultNla, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NetlinkSerializable,
};
use netlink_packet_netfilter::nftables::NfTablesMessage;
use netlink_packet_netfilter::none::ControlMessage;
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterProtoFamily};

use super::foreign::{
    TableName, encode_delete_chain, encode_delete_rule, encode_delete_table, encode_flush,
};
use super::{SUBSYSTEM, chain, element, nft_message, rule, set, table};
use crate::netlink::message;
use crate::ruleset::{
    Chain, Expr, Interval, Rewrite, Ruleset, Set, chain_head_text, rule_text, set_head_text,
};

/// `NFNL_MSG_BATCH_BEGIN`.
const BATCH_BEGIN: u8 = 16;
/// `NFNL_BATCH_GENID`, an attribute of the first message: commit only if nobody else did since.
const BATCH_GENID: u16 = 1;
/// Sequence numbers of batches stay clear of those of requests.
const FIRST_SEQUENCE: u32 = 0x1000_0000;

/// What a message of a batch is about.
#[derive(Debug, Clone, Copy)]
pub enum Label<'a> {
    /// The batch itself.
    Batch,
    /// A new table.
    Table(&'a str),
    /// A table that goes.
    DeleteTable(&'a str),
    /// A new set.
    Set(&'a Set),
    /// Elements of a new set.
    Elements(&'a Set, &'a [Interval]),
    /// A set that goes.
    DeleteSet(&'a str),
    /// A new chain.
    Chain(&'a Chain),
    /// A chain whose rules go.
    Flush(&'a str),
    /// A chain that goes.
    DeleteChain(&'a str),
    /// A new rule, by its place in the chain.
    Rule(&'a Chain, usize),
    /// A table of others that goes.
    DeleteForeignTable(&'a TableName),
    /// A chain of others whose rules go.
    FlushForeign(&'a TableName, &'a str),
    /// A chain of others that goes.
    DeleteForeignChain(&'a TableName, &'a str),
    /// A rule of others that goes, by its chain and its handle.
    DeleteForeignRule(&'a TableName, &'a str, u64),
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Batch => f.write_str("the transaction"),
            Self::Table(name) => write!(f, "add table inet {name}"),
            Self::DeleteTable(name) => write!(f, "delete table inet {name}"),
            Self::Set(set) => write!(f, "add {}", set_head_text(set)),
            Self::Elements(set, part) => {
                write!(f, "add {} elements to set {}", part.len(), set.name)
            }
            Self::DeleteSet(name) => write!(f, "delete set {name}"),
            Self::Chain(chain) => write!(f, "add {}", chain_head_text(chain)),
            Self::Flush(name) => write!(f, "flush chain {name}"),
            Self::DeleteChain(name) => write!(f, "delete chain {name}"),
            Self::Rule(chain, index) => {
                let text = chain.rules.get(*index).map(rule_text).unwrap_or_default();
                write!(f, "rule {} of chain {}: {text}", index + 1, chain.name)
            }
            Self::DeleteForeignTable(table) => write!(f, "delete table {table}"),
            Self::FlushForeign(table, chain) => write!(f, "flush chain {table} {chain}"),
            Self::DeleteForeignChain(table, chain) => write!(f, "delete chain {table} {chain}"),
            Self::DeleteForeignRule(table, chain, handle) => {
                write!(f, "delete rule {table} {chain} handle {handle}")
            }
        }
    }
}

impl Label<'_> {
    /// The expressions that the object is made of, if it is a rule.
    pub(super) fn exprs(&self) -> &[Expr] {
        match self {
            Self::Rule(chain, index) => {
                chain.rules.get(*index).map(|rule| rule.exprs.as_slice()).unwrap_or_default()
            }
            Self::Batch
            | Self::Table(_)
            | Self::DeleteTable(_)
            | Self::Set(_)
            | Self::Elements(..)
            | Self::DeleteSet(_)
            | Self::Chain(_)
            | Self::Flush(_)
            | Self::DeleteChain(_)
            | Self::DeleteForeignTable(_)
            | Self::FlushForeign(..)
            | Self::DeleteForeignChain(..)
            | Self::DeleteForeignRule(..) => &[],
        }
    }
}

/// A batch that is being filled.
#[derive(Debug)]
pub struct Batch<'a> {
    bytes: Vec<u8>,
    labels: Vec<Label<'a>>,
    last_message: usize,
}

/// A batch that is complete and can be sent.
#[derive(Debug)]
pub struct SealedBatch<'a> {
    bytes: Vec<u8>,
    labels: Vec<Label<'a>>,
}

impl<'a> Batch<'a> {
    /// An empty batch. With a generation id it is committed only if the kernel's is still that
    /// one; else every answer is `ERESTART`.
    #[must_use]
    pub fn new(generation: Option<u32>) -> Self {
        let begin = match generation {
            None => ControlMessage::BatchBegin,
            Some(id) => ControlMessage::Other {
                message_type: BATCH_BEGIN,
                attributes: vec![DefaultNla::new(BATCH_GENID, id.to_be_bytes().to_vec())],
            },
        };
        let mut bytes = Vec::with_capacity(8192);
        message(&mut bytes, FIRST_SEQUENCE, 0, control(begin));
        Self { bytes, labels: vec![Label::Batch], last_message: 0 }
    }

    /// Adds a whole table, which must not be there yet.
    pub fn create(&mut self, ruleset: &'a Ruleset) {
        self.add_table(ruleset);
        self.fill(ruleset);
    }

    /// Adds the table alone; it must not be there yet.
    pub fn add_table(&mut self, ruleset: &'a Ruleset) {
        let create = NLM_F_CREATE | NLM_F_EXCL;
        self.push(create, table::encode_new(ruleset), Label::Table(&ruleset.table));
    }

    /// Adds all that a table holds.
    pub fn fill(&mut self, ruleset: &'a Ruleset) {
        self.add_sets(&ruleset.table, ruleset.sets.iter());
        for chain in &ruleset.chains {
            self.add_chain(&ruleset.table, chain);
        }
        for chain in &ruleset.chains {
            self.add_rules(&ruleset.table, chain);
        }
    }

    /// Exchanges what a [`Rewrite`] says.
    pub fn rewrite(&mut self, table: &'a str, rewrite: &Rewrite<'a>) {
        for name in &rewrite.flush {
            self.push(0, rule::encode_flush(table, name), Label::Flush(name));
        }
        for name in &rewrite.delete_chains {
            self.delete_chain(table, name);
        }
        for name in &rewrite.delete_sets {
            self.push(0, set::encode_delete(table, name), Label::DeleteSet(name));
        }
        self.add_sets(table, rewrite.add_sets.iter().copied());
        for chain in &rewrite.add_chains {
            self.add_chain(table, chain);
        }
        for chain in &rewrite.fill {
            self.add_rules(table, chain);
        }
    }

    /// Deletes a table with all that it holds.
    pub fn delete_table(&mut self, name: &'a str) {
        self.push(0, table::encode_delete(name), Label::DeleteTable(name));
    }

    /// Deletes a chain, which must be empty and not referred to.
    pub fn delete_chain(&mut self, table: &'a str, name: &'a str) {
        self.push(0, chain::encode_delete(table, name), Label::DeleteChain(name));
    }

    /// Adds a chain without its rules.
    pub fn add_chain(&mut self, table: &'a str, chain: &'a Chain) {
        let create = NLM_F_CREATE | NLM_F_EXCL;
        self.push(create, chain::encode_new(table, chain), Label::Chain(chain));
    }

    /// Deletes a table of others with all that it holds.
    pub fn delete_foreign_table(&mut self, table: &'a TableName) {
        self.append(0, encode_delete_table(table), Label::DeleteForeignTable(table));
    }

    /// Deletes every rule of a chain of others.
    pub fn flush_foreign(&mut self, table: &'a TableName, chain: &'a str) {
        self.append(0, encode_flush(table, chain), Label::FlushForeign(table, chain));
    }

    /// Deletes a chain of others, which must be empty and not referred to.
    pub fn delete_foreign_chain(&mut self, table: &'a TableName, chain: &'a str) {
        self.append(0, encode_delete_chain(table, chain), Label::DeleteForeignChain(table, chain));
    }

    /// Deletes a rule of others.
    pub fn delete_foreign_rule(&mut self, table: &'a TableName, chain: &'a str, handle: u64) {
        let label = Label::DeleteForeignRule(table, chain, handle);
        self.append(0, encode_delete_rule(table, chain, handle), label);
    }

    fn add_sets(&mut self, table: &'a str, sets: impl Iterator<Item = &'a Set>) {
        for (set, id) in sets.zip(1..) {
            let create = NLM_F_CREATE | NLM_F_EXCL;
            self.push(create, set::encode_new(table, set, id), Label::Set(set));
            for (elements, part) in element::encode_new(table, set, id) {
                self.push(NLM_F_CREATE, elements, Label::Elements(set, part));
            }
        }
    }

    fn add_rules(&mut self, table: &'a str, chain: &'a Chain) {
        for (index, rule) in chain.rules.iter().enumerate() {
            let message = rule::encode_new(table, &chain.name, rule);
            self.append(NLM_F_CREATE | NLM_F_APPEND, message, Label::Rule(chain, index));
        }
    }

    fn push(&mut self, flags: u16, payload: NfTablesMessage, label: Label<'a>) {
        self.append(flags, nft_message(payload), label);
    }

    fn append(&mut self, flags: u16, payload: impl NetlinkSerializable, label: Label<'a>) {
        let sequence = next_sequence(&self.labels);
        self.last_message = self.bytes.len();
        message(&mut self.bytes, sequence, flags, payload);
        self.labels.push(label);
    }

    /// Ends the batch. The last object alone asks for an acknowledgement: one for each would
    /// overflow the receive buffer, and errors come unasked.
    #[must_use]
    pub fn seal(mut self) -> SealedBatch<'a> {
        // `nlmsg_flags` stands at byte 6 of the header.
        let place = self.last_message + 6..self.last_message + 8;
        if let Some(flags) =
            self.bytes.get_mut(place).and_then(|f| <&mut [u8; 2]>::try_from(f).ok())
        {
            *flags = (u16::from_ne_bytes(*flags) | NLM_F_ACK).to_ne_bytes();
        }
        let sequence = next_sequence(&self.labels);
        message(&mut self.bytes, sequence, 0, control(ControlMessage::BatchEnd));
        SealedBatch { bytes: self.bytes, labels: self.labels }
    }
}

impl<'a> SealedBatch<'a> {
    /// The bytes to send.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the message of that sequence number is about.
    #[must_use]
    pub fn label(&self, sequence: u32) -> Option<&Label<'a>> {
        let index = usize::try_from(sequence.checked_sub(FIRST_SEQUENCE)?).ok()?;
        self.labels.get(index)
    }

    /// The sequence number of the message that asks for an acknowledgement.
    pub(super) fn last_sequence(&self) -> u32 {
        next_sequence(&self.labels) - 1
    }
}

fn next_sequence(labels: &[Label<'_>]) -> u32 {
    FIRST_SEQUENCE + u32::try_from(labels.len()).unwrap_or(0)
}

fn control(message: ControlMessage) -> NetfilterMessage {
    let header = NetfilterHeader::new(NetfilterProtoFamily::Unspec, 0, SUBSYSTEM);
    NetfilterMessage::new(header, message)
}
