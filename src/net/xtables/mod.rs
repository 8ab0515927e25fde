//! Tables of `iptables-legacy` (`ip_tables`, `ip6_tables`): read them, and take chains out.
//!
//! A table is one block of memory that is read whole and replaced whole; rules refer to each other
//! by their place in it.

mod error;
mod layout;
mod parse;
mod remove;
mod socket;

use std::fmt;
use std::fs;
use std::io;

pub use error::{Malformed, XtablesError};
pub use parse::{Chain, Rule, Target, parse};
pub use remove::{Gone, Replacement, without};

use layout::Layout;
use socket::Socket;

/// Other writers between reading and replacing before we give up.
const TRIES: u32 = 20;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IpVersion {
    /// `iptables-legacy`.
    V4,
    /// `ip6tables-legacy`.
    V6,
}

impl IpVersion {
    /// The tables that are there in the namespace of the thread that reads it. To ask the kernel
    /// for a table itself would make it.
    fn names_file(self) -> &'static str {
        match self {
            Self::V4 => "/proc/thread-self/net/ip_tables_names",
            Self::V6 => "/proc/thread-self/net/ip6_tables_names",
        }
    }
}

impl fmt::Display for IpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "ip",
            Self::V6 => "ip6",
        })
    }
}

/// A table as the kernel gave it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Which of the two.
    pub version: IpVersion,
    /// Its name, `nat`.
    pub name: String,
    /// Where its built-in chains begin and end.
    pub info: Info,
    /// Its entries (`struct ipt_entry`, `struct ip6t_entry`), one after the other.
    pub entries: Vec<u8>,
}

/// What the kernel says of a table besides its entries (`struct ipt_getinfo`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Info {
    /// The hooks that have a chain, by bits (`enum nf_inet_hooks`).
    pub valid_hooks: u32,
    /// Where the chain of each hook begins, in bytes from the first entry.
    pub hook_entry: [u32; HOOKS],
    /// Where the chain of each hook has its policy, its last entry.
    pub underflow: [u32; HOOKS],
    /// How many entries there are.
    pub num_entries: u32,
    /// How many bytes they take.
    pub size: u32,
}

/// `NF_INET_NUMHOOKS`.
pub const HOOKS: usize = 5;

/// The names of the tables that are there in the namespace of the calling thread; reading them
/// loads no module and makes no table.
///
/// # Errors
/// The list is there but can't be read.
pub fn table_names(version: IpVersion) -> Result<Vec<String>, XtablesError> {
    match fs::read_to_string(version.names_file()) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        // The kernel has no such tables, or their module is not loaded.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(XtablesError::Names { path: version.names_file(), source }),
    }
}

/// Reads a table of the namespace of the calling thread. It should be among [`table_names`]: the
/// kernel makes what is not there.
///
/// # Errors
/// The kernel refused, or other programs changed the table at every try.
pub fn read(version: IpVersion, name: &str) -> Result<Table, XtablesError> {
    let socket = Socket::open(version, name)?;
    for _ in 0..TRIES {
        if let Some(table) = read_once(&socket, version, name)? {
            return Ok(table);
        }
    }
    Err(XtablesError::Busy { version, table: name.to_owned() })
}

fn read_once(
    socket: &Socket,
    version: IpVersion,
    name: &str,
) -> Result<Option<Table>, XtablesError> {
    let info = socket.info()?;
    let Some(entries) = socket.entries(info.size)? else { return Ok(None) };
    Ok(Some(Table { version, name: name.to_owned(), info, entries }))
}

/// Takes chains and rules out of a table, with every rule that leads to those chains; the rest
/// keeps its order and its counters. Gives the names of the chains that were there.
///
/// The kernel tells a table that others changed meanwhile by the number of its entries alone: what
/// `iptables-legacy` does at the same moment may be lost, as it may between two runs of it that
/// use different files for their lock.
///
/// # Errors
/// The kernel refused, and nothing was changed; or [`XtablesError::Counters`].
pub fn remove(version: IpVersion, name: &str, gone: Gone<'_>) -> Result<Vec<String>, XtablesError> {
    let socket = Socket::open(version, name)?;
    for _ in 0..TRIES {
        let Some(table) = read_once(&socket, version, name)? else { continue };
        let malformed =
            |source| XtablesError::Malformed { version, table: name.to_owned(), source };
        let Some(replacement) = without(&table, gone).map_err(malformed)? else {
            return Ok(Vec::new());
        };
        if let Some(counted) = socket.replace(&replacement, table.info.num_entries)? {
            let counters = replacement.counters(name, &counted);
            socket.add_counters(&counters)?;
            return Ok(replacement.removed);
        }
    }
    Err(XtablesError::Busy { version, table: name.to_owned() })
}

/// The chains of a table.
///
/// # Errors
/// The entries make no sense.
pub fn chains(table: &Table) -> Result<Vec<Chain>, XtablesError> {
    let malformed = |source| XtablesError::Malformed {
        version: table.version,
        table: table.name.clone(),
        source,
    };
    parse(table).map_err(malformed)
}
