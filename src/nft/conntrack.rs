//! Connections that a redirect has captured and that still live.

use std::collections::BTreeSet;

use netlink_packet_core::{DecodeError, NLM_F_DUMP};
use netlink_packet_netfilter::conntrack::ConntrackMessage;
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterProtoFamily};

use super::NFGENMSG_LEN;
use super::error::NftError;
use crate::netlink::{Attributes, Connection, Family, NetlinkError};

const CTA_TUPLE_REPLY: u16 = 2;
const CTA_STATUS: u16 = 3;
const CTA_PROTOINFO: u16 = 4;
const CTA_TUPLE_PROTO: u16 = 2;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTOINFO_TCP: u16 = 1;
const CTA_PROTOINFO_TCP_STATE: u16 = 1;
/// `IPCTNL_MSG_CT_GET_STATS`.
const GET_STATS: u8 = 5;
/// `CTA_STATS_GLOBAL_ENTRIES`; global means of all processors.
const CTA_STATS_GLOBAL_ENTRIES: u16 = 1;
/// `IPS_DST_NAT`.
const DST_NAT: u32 = 1 << 5;
/// `TCP_CONNTRACK_SYN_SENT` to `TCP_CONNTRACK_CLOSE_WAIT`: both ends may still send.
const LIVE_STATES: std::ops::RangeInclusive<u8> = 1..=5;

/// The ports that rules redirect to.
pub type RedirectedTo = BTreeSet<u16>;

/// How many TCP connections were redirected to one of these ports and still live.
///
/// # Errors
/// The kernel refused, or has no conntrack.
pub fn count_redirected(
    connection: &mut Connection,
    ports: &RedirectedTo,
) -> Result<usize, NftError> {
    count(connection, ports).map_err(|source| NftError::Conntrack { source })
}

fn count(connection: &mut Connection, ports: &RedirectedTo) -> Result<usize, NetlinkError> {
    // To list them the kernel walks through the table of all namespaces, which takes milliseconds.
    if entries(connection)? == Some(0) {
        return Ok(0);
    }
    let mut count = 0;
    connection.request(
        NLM_F_DUMP,
        request(ConntrackMessage::Get(Vec::new())),
        &mut |_, body| {
            count += usize::from(is_redirected(body, ports).map_err(malformed)?);
            Ok(())
        },
    )?;
    Ok(count)
}

/// How many connections of this namespace conntrack knows, of any kind; none if the kernel does
/// not say.
fn entries(connection: &mut Connection) -> Result<Option<u32>, NetlinkError> {
    let get = ConntrackMessage::Other { message_type: GET_STATS, attributes: Vec::new() };
    let mut entries = None;
    connection.request(0, request(get), &mut |_, body| {
        let stats = Attributes::new(body.get(NFGENMSG_LEN..).unwrap_or_default());
        let count = stats.find(CTA_STATS_GLOBAL_ENTRIES).map(|count| count.u32_be());
        entries = count.transpose().map_err(malformed)?;
        Ok(())
    })?;
    Ok(entries)
}

fn request(message: ConntrackMessage) -> NetfilterMessage {
    NetfilterMessage::new(NetfilterHeader::new(NetfilterProtoFamily::Unspec, 0, 0), message)
}

fn malformed(source: DecodeError) -> NetlinkError {
    NetlinkError::Malformed { family: Family::Netfilter, source }
}

/// What answers to a redirected connection comes from the port that it was redirected to.
fn is_redirected(body: &[u8], ports: &RedirectedTo) -> Result<bool, DecodeError> {
    let entry = Attributes::new(body.get(NFGENMSG_LEN..).unwrap_or_default());
    let status = entry.find(CTA_STATUS).map(|status| status.u32_be()).transpose()?;
    let source = entry
        .find(CTA_TUPLE_REPLY)
        .and_then(|tuple| tuple.nested().find(CTA_TUPLE_PROTO))
        .and_then(|protocol| protocol.nested().find(CTA_PROTO_SRC_PORT))
        .and_then(|port| port.bytes().try_into().ok().map(u16::from_be_bytes));
    let state = entry
        .find(CTA_PROTOINFO)
        .and_then(|info| info.nested().find(CTA_PROTOINFO_TCP))
        .and_then(|tcp| tcp.nested().find(CTA_PROTOINFO_TCP_STATE))
        .and_then(|state| state.bytes().first().copied());
    Ok(status.unwrap_or(0) & DST_NAT != 0
        && source.is_some_and(|port| ports.contains(&port))
        && state.is_some_and(|state| LIVE_STATES.contains(&state)))
}
