//! Events of a trace (`NFT_MSG_TRACE`).

use netlink_packet_core::DecodeError;

use super::{NFGENMSG_LEN, SUBSYSTEM, expr, message_type};
use crate::follow::{Direction, Event, EventKind, Outcome, RawHeaders, Tracked, table_text};
use crate::netlink::{Attribute, Attributes};
use crate::ruleset::Verdict;

/// `NFNLGRP_NFTRACE`.
pub const TRACE_GROUP: u32 = 9;

const NFTA_TRACE_TABLE: u16 = 1;
const NFTA_TRACE_CHAIN: u16 = 2;
const NFTA_TRACE_RULE_HANDLE: u16 = 3;
const NFTA_TRACE_TYPE: u16 = 4;
const NFTA_TRACE_VERDICT: u16 = 5;
const NFTA_TRACE_ID: u16 = 6;
const NFTA_TRACE_NETWORK_HEADER: u16 = 8;
const NFTA_TRACE_TRANSPORT_HEADER: u16 = 9;
const NFTA_TRACE_IIF: u16 = 10;
const NFTA_TRACE_OIF: u16 = 12;
const NFTA_TRACE_MARK: u16 = 14;
const NFTA_TRACE_NFPROTO: u16 = 15;
const NFTA_TRACE_POLICY: u16 = 16;
const NFTA_TRACE_CT_DIRECTION: u16 = 19;
const NFT_TRACETYPE_POLICY: u32 = 1;
const NFT_TRACETYPE_RETURN: u32 = 2;
const NFT_TRACETYPE_RULE: u32 = 3;
/// `NFT_CONTINUE`.
const CONTINUE: u32 = u32::MAX;
/// `NF_DROP`.
const DROP: u32 = 0;
/// `NF_ACCEPT`.
const ACCEPT: u32 = 1;

/// Reads an event; `None` for any other message.
///
/// # Errors
/// An attribute is malformed or missing.
pub fn decode(kind: u16, body: &[u8]) -> Result<Option<Event>, DecodeError> {
    if kind != SUBSYSTEM << 8 | message_type::TRACE {
        return Ok(None);
    }
    let family = body.first().copied().unwrap_or_default();
    let event = Attributes::new(body.get(NFGENMSG_LEN..).unwrap_or_default());
    let number = |kind| event.find(kind).map(|attribute| attribute.u32_be()).transpose();
    let table = event.expect(NFTA_TRACE_TABLE, "NFTA_TRACE_TABLE")?.string();
    Ok(Some(Event {
        id: event.expect(NFTA_TRACE_ID, "NFTA_TRACE_ID")?.u32_be()?,
        table: table_text(family, &table),
        chain: event.expect(NFTA_TRACE_CHAIN, "NFTA_TRACE_CHAIN")?.string(),
        kind: decode_kind(event)?,
        mark: number(NFTA_TRACE_MARK)?.unwrap_or(0),
        headers: decode_headers(event)?,
        tracked: event.find(NFTA_TRACE_CT_DIRECTION).map(|direction| Tracked {
            direction: match direction.bytes() {
                [0] => Direction::Original,
                _ => Direction::Reply,
            },
        }),
    }))
}

fn decode_kind(event: Attributes<'_>) -> Result<EventKind, DecodeError> {
    let kind = event.expect(NFTA_TRACE_TYPE, "NFTA_TRACE_TYPE")?.u32_be()?;
    Ok(match kind {
        NFT_TRACETYPE_RULE => match event.find(NFTA_TRACE_RULE_HANDLE) {
            Some(handle) => EventKind::Rule {
                handle: handle.u64_be()?,
                outcome: decode_outcome(event.expect(NFTA_TRACE_VERDICT, "NFTA_TRACE_VERDICT")?)?,
            },
            // Behind the last rule of a chain stands one that is none (`is_last`, Linux 5.17).
            None => EventKind::End,
        },
        NFT_TRACETYPE_RETURN => EventKind::Return,
        NFT_TRACETYPE_POLICY => {
            let policy = event.expect(NFTA_TRACE_POLICY, "NFTA_TRACE_POLICY")?.u32_be()?;
            EventKind::Policy(Outcome::Decided(match policy {
                DROP => Verdict::Drop,
                ACCEPT => Verdict::Accept,
                other => Verdict::Other(other),
            }))
        }
        other => EventKind::Other(other),
    })
}

fn decode_outcome(verdict: Attribute<'_>) -> Result<Outcome, DecodeError> {
    let decided = expr::decode_verdict(verdict.nested())?;
    let continues = decided == Verdict::Other(CONTINUE);
    Ok(if continues { Outcome::Continue } else { Outcome::Decided(decided) })
}

/// The first event of each base chain has them, and the interfaces beside them.
fn decode_headers(event: Attributes<'_>) -> Result<Option<RawHeaders>, DecodeError> {
    let Some(network) = event.find(NFTA_TRACE_NETWORK_HEADER) else { return Ok(None) };
    let number = |kind| event.find(kind).map(|attribute| attribute.u32_be()).transpose();
    let transport = event.find(NFTA_TRACE_TRANSPORT_HEADER);
    Ok(Some(RawHeaders {
        nfproto: number(NFTA_TRACE_NFPROTO)?.unwrap_or(0),
        iif: number(NFTA_TRACE_IIF)?,
        oif: number(NFTA_TRACE_OIF)?,
        network: network.bytes().to_vec(),
        transport: transport.map(|header| header.bytes().to_vec()).unwrap_or_default(),
    }))
}
