//! Reads a table back, whole and from one generation.

use std::time::Duration;

use netlink_packet_core::{DecodeError, NLM_F_DUMP};
use netlink_packet_netfilter::nftables::{GenMessage, NfTablesMessage};

use super::error::NftError;
use super::{chain, element, inet_attributes, message_type, nft_message, rule, set, table};
use crate::netlink::{Attributes, Connection, Family, NetlinkError};
use crate::ruleset::{Chain, Rule, Ruleset, Set};

const ENOENT: i32 = 2;
/// `NFTA_GEN_ID`.
const NFTA_GEN_ID: u16 = 1;
/// Readings that another writer interrupted before we give up.
pub(super) const TRIES: u32 = 20;

/// A table as it was at one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The table.
    pub ruleset: Ruleset,
    /// The generation, for a batch that must not be committed over somebody else's.
    pub generation: u32,
}

/// Reads the `inet` table of that name; `None` if there is none.
///
/// # Errors
/// The kernel refused, or other programs changed nf_tables at every try.
pub fn read_table(connection: &mut Connection, name: &str) -> Result<Option<Found>, NftError> {
    for attempt in 0..TRIES {
        match read_once(connection, name) {
            Ok(Reading::Whole(found)) => return Ok(found.map(|found| *found)),
            Ok(Reading::Torn) => std::thread::sleep(Duration::from_millis(u64::from(attempt))),
            Err(error) => return Err(error.into()),
        }
    }
    Err(NetlinkError::Interrupted { family: Family::Netfilter }.into())
}

/// The generation id of nf_tables in this namespace: every commit makes it one more.
///
/// # Errors
/// The kernel refused.
pub fn generation(connection: &mut Connection) -> Result<u32, NftError> {
    Ok(read_generation(connection)?)
}

enum Reading {
    Whole(Option<Box<Found>>),
    Torn,
}

fn read_once(connection: &mut Connection, name: &str) -> Result<Reading, NetlinkError> {
    if read_head(connection, name)?.is_none() {
        return Ok(Reading::Whole(None));
    }
    let generation = read_generation(connection)?;
    match read_content(connection, name) {
        Ok((Some(head), sets, chains, now)) if now == generation => {
            let ruleset = Ruleset {
                table: head.name.into(),
                comment: head.comment,
                flags: head.flags,
                sets,
                chains,
            };
            Ok(Reading::Whole(Some(Box::new(Found { ruleset, generation }))))
        }
        // A set or the table went away between two requests: ENOENT is a torn reading too.
        Ok(_) | Err(NetlinkError::Interrupted { .. }) => Ok(Reading::Torn),
        Err(error) if error.errno() == Some(ENOENT) => Ok(Reading::Torn),
        Err(error) => Err(error),
    }
}

type Content = (Option<table::TableHead>, Vec<Set>, Vec<Chain>, u32);

/// All of it, and the generation after it.
fn read_content(connection: &mut Connection, name: &str) -> Result<Content, NetlinkError> {
    let head = read_head(connection, name)?;
    let sets = read_sets(connection, name)?;
    let chains = read_chains(connection, name)?;
    Ok((head, sets, chains, read_generation(connection)?))
}

fn read_head(
    connection: &mut Connection,
    name: &str,
) -> Result<Option<table::TableHead>, NetlinkError> {
    let mut head = None;
    let read = request(connection, 0, table::encode_get(name), &mut |kind, body| {
        head = table::decode(kind, body)?;
        Ok(())
    });
    match read {
        Ok(()) => Ok(head),
        Err(error) if error.errno() == Some(ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn read_generation(connection: &mut Connection) -> Result<u32, NetlinkError> {
    let mut generation = 0;
    let get = NfTablesMessage::GetGen(GenMessage { attributes: Vec::new() });
    request(connection, 0, get, &mut |kind, body| {
        // This message is of no family.
        if kind == super::SUBSYSTEM << 8 | message_type::NEWGEN {
            let attributes = Attributes::new(body.get(super::NFGENMSG_LEN..).unwrap_or_default());
            generation = attributes.expect(NFTA_GEN_ID, "NFTA_GEN_ID")?.u32_be()?;
        }
        Ok(())
    })?;
    Ok(generation)
}

fn read_sets(connection: &mut Connection, table: &str) -> Result<Vec<Set>, NetlinkError> {
    let mut sets = Vec::new();
    request(connection, NLM_F_DUMP, set::encode_list(table), &mut |kind, body| {
        // Kernels before 5.13 list the sets of every table.
        sets.extend(
            set::decode(kind, body)?.filter(|(owner, _)| owner == table).map(|(_, set)| set),
        );
        Ok(())
    })?;
    for set in &mut sets {
        let mut bounds = Vec::new();
        let list = element::encode_list(table, &set.name);
        request(connection, NLM_F_DUMP, list, &mut |kind, body| {
            bounds.extend(element::decode(kind, body, set.key)?);
            Ok(())
        })?;
        set.elements = element::intervals(set, bounds);
    }
    Ok(sets)
}

fn read_chains(connection: &mut Connection, table: &str) -> Result<Vec<Chain>, NetlinkError> {
    let mut chains: Vec<Chain> = Vec::new();
    request(connection, NLM_F_DUMP, chain::encode_list(), &mut |kind, body| {
        let chain = chain::decode(kind, body)?;
        chains.extend(chain.filter(|(owner, _)| owner == table).map(|(_, chain)| chain));
        Ok(())
    })?;
    let mut rules: Vec<(String, Rule)> = Vec::new();
    request(connection, NLM_F_DUMP, rule::encode_list(table), &mut |kind, body| {
        if inet_attributes(kind, message_type::NEWRULE, body).is_some() {
            rules.extend(rule::decode(kind, body)?);
        }
        Ok(())
    })?;
    for (owner, rule) in rules {
        if let Some(chain) = chains.iter_mut().find(|chain| chain.name == owner) {
            chain.rules.push(rule);
        }
    }
    Ok(chains)
}

/// Decodes one message: its type, and what follows the netlink header.
type Decode<'a> = dyn FnMut(u16, &[u8]) -> Result<(), DecodeError> + 'a;

fn request(
    connection: &mut Connection,
    flags: u16,
    payload: NfTablesMessage,
    each: &mut Decode<'_>,
) -> Result<(), NetlinkError> {
    let malformed = |source| NetlinkError::Malformed { family: Family::Netfilter, source };
    connection
        .request(flags, nft_message(payload), &mut |kind, body| each(kind, body).map_err(malformed))
}
