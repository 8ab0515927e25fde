//! The table that has packets traced, while its socket lives.

use nix::errno::Errno;

use super::error::TraceError;
use crate::follow::{Filter, TRACE_TABLE, trace_table};
use crate::netlink::{Connection, Family};
use crate::nft::{Batch, Failure, NftError, commit, read_table};
use crate::plan::TABLE_COMMENT;

/// The socket to which the table belongs: both end together.
#[derive(Debug)]
pub(super) struct Table {
    _socket: Connection,
}

impl Table {
    /// Writes the table in the namespace of the calling thread.
    pub(super) fn write(filter: &Filter) -> Result<Self, TraceError> {
        let mut socket = Connection::open(Family::Netfilter).map_err(NftError::from)?;
        let ruleset = trace_table(filter, TABLE_COMMENT)?.validated()?;
        if let Some(found) = read_table(&mut socket, TRACE_TABLE)? {
            let is_ours = found.ruleset.comment.as_deref() == Some(TABLE_COMMENT);
            return Err(if is_ours { TraceError::Busy } else { TraceError::NotOurs });
        }
        let mut batch = Batch::new(None);
        batch.create(&ruleset);
        match commit(&mut socket, &batch.seal()) {
            Ok(()) => Ok(Self { _socket: socket }),
            Err(error) => Err(told(error)),
        }
    }
}

fn told(error: NftError) -> TraceError {
    let NftError::Refused { failures } = &error else { return error.into() };
    let of_table = |failure: &&Failure| failure.is_table;
    let errno = failures.iter().find(of_table).map(|table| Errno::from_raw(table.error.errno));
    match errno {
        // A table that belongs to another socket is kept from all others.
        Some(Errno::EEXIST | Errno::EPERM) => TraceError::Busy,
        Some(errno @ (Errno::EINVAL | Errno::EOPNOTSUPP)) => TraceError::NoOwner { errno },
        Some(_) | None => error.into(),
    }
}
