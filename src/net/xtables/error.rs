//! What can go wrong with tables of iptables-legacy.

use std::io;

use super::IpVersion;

/// A table that could not be read or changed.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum XtablesError {
    /// The list of tables could not be read.
    #[error("can't read which tables of iptables-legacy there are ({path}): {source}")]
    Names {
        /// The list.
        path: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A request was refused.
    #[error(
        "iptables-legacy, table {version} {table}: can't {operation}: {source}{}",
        advice(source)
    )]
    Refused {
        /// Which of the two.
        version: IpVersion,
        /// The table.
        table: String,
        /// What was tried.
        operation: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// The table's entries make no sense.
    #[error("iptables-legacy, table {version} {table}: what the kernel gave out {source}")]
    Malformed {
        /// Which of the two.
        version: IpVersion,
        /// The table.
        table: String,
        /// Where reading failed.
        source: Malformed,
    },
    /// Others changed the table at every try.
    #[error(
        "iptables-legacy, table {version} {table}: other programs kept changing it; nothing was \
         changed. Try again"
    )]
    Busy {
        /// Which of the two.
        version: IpVersion,
        /// The table.
        table: String,
    },
    /// The chains are gone, but what the rest had counted is lost.
    #[error(
        "iptables-legacy, table {version} {table}: the chains were removed, but the counters of \
         the rules that stayed begin at zero: {source}"
    )]
    Counters {
        /// Which of the two.
        version: IpVersion,
        /// The table.
        table: String,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Entries that make no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("can't be read: {what} at byte {offset}")]
pub struct Malformed {
    /// What is wrong.
    pub what: &'static str,
    /// Where, in bytes from the first entry.
    pub offset: usize,
}

fn advice(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::PermissionDenied {
        ". This needs CAP_NET_ADMIN in the user namespace that owns the network namespace"
    } else {
        ""
    }
}
