//! Lists the tables of others, whole and from one generation.

use std::collections::BTreeMap;
use std::time::Duration;

use netlink_packet_core::{DecodeError, NLM_F_DUMP};

use super::{
    ForeignChain, ForeignTable, TableFamily, TableName, decode_chain, decode_rule, decode_table,
};
use crate::netlink::{Connection, Family, NetlinkError, Written};
use crate::nft::error::NftError;
use crate::nft::read::{TRIES, read_generation};
use crate::nft::{SUBSYSTEM, message_type};

/// The tables of others as they were at one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The tables, in the kernel's order.
    pub tables: Vec<ForeignTable>,
    /// The generation, for a batch that must not be committed over somebody else's.
    pub generation: u32,
}

/// Reads all tables but the `inet` table called `own`; `None` if there are no others, which takes
/// one request.
///
/// # Errors
/// The kernel refused, or other programs changed nf_tables at every try.
pub fn read_foreign(connection: &mut Connection, own: &str) -> Result<Option<Foreign>, NftError> {
    for attempt in 0..TRIES {
        match read_once(connection, own) {
            Ok(Reading::Whole(found)) => return Ok(found),
            Ok(Reading::Torn) | Err(NetlinkError::Interrupted { .. }) => {
                std::thread::sleep(Duration::from_millis(u64::from(attempt)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(NetlinkError::Interrupted { family: Family::Netfilter }.into())
}

enum Reading {
    Whole(Option<Foreign>),
    Torn,
}

fn read_once(connection: &mut Connection, own: &str) -> Result<Reading, NetlinkError> {
    if read_tables(connection, own)?.is_empty() {
        return Ok(Reading::Whole(None));
    }
    let generation = read_generation(connection)?;
    let mut tables = read_tables(connection, own)?;
    read_chains(connection, &mut tables)?;
    read_rules(connection, &mut tables)?;
    if read_generation(connection)? != generation {
        return Ok(Reading::Torn);
    }
    Ok(Reading::Whole(Some(Foreign { tables, generation })))
}

fn read_tables(connection: &mut Connection, own: &str) -> Result<Vec<ForeignTable>, NetlinkError> {
    let is_own = |name: &TableName| name.family == TableFamily::Inet && name.name == own;
    let mut tables = Vec::new();
    list(connection, message_type::GETTABLE, &mut |kind, body| {
        let name = decode_table(kind, body)?.filter(|name| !is_own(name));
        tables.extend(name.map(|name| ForeignTable { name, chains: Vec::new() }));
        Ok(())
    })?;
    Ok(tables)
}

fn read_chains(
    connection: &mut Connection,
    tables: &mut [ForeignTable],
) -> Result<(), NetlinkError> {
    list(connection, message_type::GETCHAIN, &mut |kind, body| {
        if let Some((owner, chain)) = decode_chain(kind, body)?
            && let Some(table) = tables.iter_mut().find(|table| table.name == owner)
        {
            table.chains.push(chain);
        }
        Ok(())
    })
}

fn read_rules(
    connection: &mut Connection,
    tables: &mut [ForeignTable],
) -> Result<(), NetlinkError> {
    let places = places(tables);
    list(connection, message_type::GETRULE, &mut |kind, body| {
        if let Some((owner, chain, rule)) = decode_rule(kind, body)?
            && let Some((table, chain)) = places.get(&(owner, chain))
            && let Some(table) = tables.get_mut(*table)
            && let Some(chain) = table.chains.get_mut(*chain)
        {
            chain.rules.push(rule);
        }
        Ok(())
    })
}

/// The numbers of table and chain by their names: the rules of a node's own namespace are many.
fn places(tables: &[ForeignTable]) -> BTreeMap<(TableName, String), (usize, usize)> {
    let of_table = |(number, table): (usize, &ForeignTable)| {
        let chains = table.chains.iter().enumerate();
        let place = |(chain, found): (usize, &ForeignChain)| {
            ((table.name.clone(), found.name.clone()), (number, chain))
        };
        chains.map(place).collect::<Vec<_>>()
    };
    tables.iter().enumerate().flat_map(of_table).collect()
}

/// Decodes one message: its type, and what follows the netlink header.
type Decode<'a> = dyn FnMut(u16, &[u8]) -> Result<(), DecodeError> + 'a;

/// Lists objects of all families: `NFPROTO_UNSPEC`, and no attribute that would narrow it.
fn list(connection: &mut Connection, kind: u16, each: &mut Decode<'_>) -> Result<(), NetlinkError> {
    let malformed = |source| NetlinkError::Malformed { family: Family::Netfilter, source };
    let request = Written { kind: SUBSYSTEM << 8 | kind, body: vec![0; 4] };
    connection.request(NLM_F_DUMP, request, &mut |kind, body| each(kind, body).map_err(malformed))
}
