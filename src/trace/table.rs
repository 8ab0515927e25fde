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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::KernelError;

    fn refused(errno: Errno, is_table: bool) -> TraceError {
        let failure = Failure {
            object: "add table inet nftdivert-trace".to_owned(),
            error: KernelError { errno: errno as i32, words: None, offset: None },
            advice: None,
            is_table,
            is_table_taken: false,
        };
        told(NftError::Refused { failures: vec![failure] })
    }

    #[test]
    fn a_kernel_before_5_12_is_told_from_another_trace() {
        for errno in [Errno::EINVAL, Errno::EOPNOTSUPP] {
            let error = refused(errno, true);
            assert!(matches!(error, TraceError::NoOwner { .. }), "{error}");
            assert!(error.to_string().contains("Linux 5.12"), "{error}");
        }
        for errno in [Errno::EEXIST, Errno::EPERM] {
            assert!(matches!(refused(errno, true), TraceError::Busy));
        }
        // The batch as a whole is refused to who has no privilege.
        assert!(matches!(refused(Errno::EPERM, false), TraceError::Nft(_)));
    }
}
