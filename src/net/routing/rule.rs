//! One rule of policy routing, as far as it matters here.

use std::fmt;

use netlink_packet_route::route::RouteProtocol;
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};

use super::read::address_family;
use super::{PRIORITY, PROTOCOL};
use crate::netlink::Attributes;
use crate::words::{IpFamily, MarkRoute};

/// `RTM_NEWRULE`.
const NEW_RULE: u16 = 32;
/// Bytes of `struct fib_rule_hdr`.
const HEADER_LEN: usize = 12;
/// `AF_INET6`.
const INET6: u8 = 10;
/// `FR_ACT_TO_TBL`.
const TO_TABLE: u8 = 1;
/// `FR_ACT_NOP`.
const NOP: u8 = 3;
/// `FIB_RULE_INVERT`.
const INVERT: u32 = 2;
/// The whole mark counts.
const WHOLE: u32 = u32::MAX;
/// The kernel's "not set" of what suppresses routes.
const NOT_SET: u32 = u32::MAX;

const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_TABLE: u16 = 15;
const FRA_SUPPRESS_IFGROUP: u16 = 13;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_FWMASK: u16 = 16;
const FRA_PROTOCOL: u16 = 21;
/// Attributes that narrow a rule down (`linux/fib_rules.h`): addresses, interfaces, tunnel id,
/// l3mdev, uids.
const NARROWING: [u16; 7] = [1, 2, 3, 12, 17, 19, 20];

/// From IP protocol and ports on all attributes narrow (6.18); later ones are taken for such too.
fn narrows(kind: u16) -> bool {
    NARROWING.contains(&kind) || kind > FRA_PROTOCOL
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    family: IpFamily,
    pub(super) priority: u32,
    mark: u32,
    mask: u32,
    pub(super) table: u32,
    action: u8,
    protocol: u8,
    /// It asks for more than the mark.
    pub(super) is_narrow: bool,
    /// It passes over some routes, such as default ones.
    pub(super) suppresses: bool,
}

impl Rule {
    /// Reads `struct fib_rule_hdr` and what follows it.
    pub(super) fn parse(kind: u16, body: &[u8]) -> Option<Self> {
        let (header, attributes) = body.split_at_checked(HEADER_LEN)?;
        let [family, dst, src, tos, table, _, _, action, flags @ ..] = header else { return None };
        let flags = u32::from_ne_bytes(flags.try_into().ok()?);
        if kind != NEW_RULE {
            return None;
        }
        let attributes = Attributes::new(attributes);
        let number = |kind| {
            attributes.find(kind).and_then(|a| a.bytes().try_into().ok()).map(u32::from_ne_bytes)
        };
        let is_narrowed = attributes.flatten().any(|attribute| narrows(attribute.kind()));
        let mark = number(FRA_FWMARK).unwrap_or(0);
        Some(Self {
            family: if *family == INET6 { IpFamily::V6 } else { IpFamily::V4 },
            priority: number(FRA_PRIORITY).unwrap_or(0),
            mark,
            mask: number(FRA_FWMASK).unwrap_or(if mark == 0 { 0 } else { WHOLE }),
            table: number(FRA_TABLE).unwrap_or(u32::from(*table)),
            action: *action,
            protocol: attributes.find(FRA_PROTOCOL)?.bytes().first().copied()?,
            is_narrow: is_narrowed || (*dst, *src, *tos) != (0, 0, 0) || flags & INVERT != 0,
            suppresses: [FRA_SUPPRESS_IFGROUP, FRA_SUPPRESS_PREFIXLEN]
                .into_iter()
                .any(|kind| number(kind).is_some_and(|value| value != NOT_SET)),
        })
    }

    /// What this rule does, if it carries our tag and is as we make them.
    pub(super) fn ours(&self) -> Option<MarkRoute> {
        let Self { family, mark, table, .. } = *self;
        let is = MarkRoute { family, mark, table };
        (self.is_tagged() && self.is_same(is)).then_some(is)
    }

    /// Whether it carries our tag.
    pub(super) fn is_tagged(&self) -> bool {
        self.protocol == PROTOCOL && self.priority == PRIORITY
    }

    /// Whether it is as `wanted`, whoever made it.
    pub(super) fn is_same(&self, wanted: MarkRoute) -> bool {
        let MarkRoute { family, mark, table } = wanted;
        (self.family, self.mark, self.mask, self.table) == (family, mark, WHOLE, table)
            && (self.priority, self.action) == (PRIORITY, TO_TABLE)
            && !self.is_narrow
            && !self.suppresses
    }

    /// Whether packets with the mark can meet this rule before ours.
    pub(super) fn meets(&self, mark: u32) -> bool {
        self.priority <= PRIORITY && mark & self.mask == self.mark && self.action != NOP
    }

    /// Whether it names a mark.
    pub(super) fn has_mark(&self) -> bool {
        self.mask != 0
    }

    /// Whether it leads to a table, and does not refuse.
    pub(super) fn leads_to_a_table(&self) -> bool {
        self.action == TO_TABLE
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} rule of priority {}", self.family, self.priority)?;
        if self.has_mark() {
            write!(f, " for fwmark {:#x}/{:#x}", self.mark, self.mask)?;
        }
        match self.action {
            TO_TABLE => write!(f, " that looks up table {}", self.table)?,
            other => write!(f, " with action {other}")?,
        }
        write!(f, " (protocol {})", self.protocol)
    }
}

/// The rule of `wanted`.
pub(super) fn message(wanted: MarkRoute) -> RuleMessage {
    let mut message = list(wanted.family);
    message.header.action = RuleAction::ToTable;
    // Numbers above 255 stand in the attribute alone.
    message.header.table = u8::try_from(wanted.table).unwrap_or(0);
    message.attributes = vec![
        RuleAttribute::Priority(PRIORITY),
        RuleAttribute::FwMark(wanted.mark),
        RuleAttribute::FwMask(WHOLE),
        RuleAttribute::Table(wanted.table),
        RuleAttribute::Protocol(RouteProtocol::Other(PROTOCOL)),
    ];
    message
}

/// The question for all rules of a family.
pub(super) fn list(family: IpFamily) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = address_family(family);
    message
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::{DefaultNla, Emitable};

    use super::*;

    fn bytes(message: &RuleMessage) -> Vec<u8> {
        let mut bytes = vec![0; message.buffer_len()];
        message.emit(&mut bytes);
        bytes
    }

    #[test]
    fn what_is_written_is_read_as_ours() {
        for table in [133, 70_000] {
            let wanted = MarkRoute { family: IpFamily::V6, mark: 1337, table };
            let rule = Rule::parse(NEW_RULE, &bytes(&message(wanted))).unwrap();
            assert_eq!(rule.ours(), Some(wanted));
            assert!(rule.meets(1337) && !rule.meets(1338));
        }
    }

    #[test]
    fn what_asks_for_more_is_not_ours() {
        let wanted = MarkRoute { family: IpFamily::V4, mark: 1337, table: 133 };
        let mut other = message(wanted);
        other.attributes.push(RuleAttribute::Iifname("eth0".to_owned()));
        assert_eq!(Rule::parse(NEW_RULE, &bytes(&other)).unwrap().ours(), None);
        let mut other = message(wanted);
        other.attributes.push(RuleAttribute::Other(DefaultNla::new(25, vec![4])));
        assert_eq!(Rule::parse(NEW_RULE, &bytes(&other)).unwrap().ours(), None);
        let mut other = message(wanted);
        other.header.src_len = 8;
        assert_eq!(Rule::parse(NEW_RULE, &bytes(&other)).unwrap().ours(), None);
        assert!(Rule::parse(NEW_RULE, &bytes(&other)[..11]).is_none());
    }
}
