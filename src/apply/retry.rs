//! Trying again when other programs commit between our reading and our writing.

use std::thread::sleep;
use std::time::Duration;

use crate::netlink::Connection;

use super::error::ApplyError;

/// How often we read and write again.
const TRIES: u32 = 10;

/// A stale transaction holds up the other writer, which then writes at once: trying again at once
/// too would meet it every time. Each pause is longer than the one before by this much.
const PAUSE: Duration = Duration::from_millis(3);

/// Does the job until nobody else has committed in between, or the tries are used up.
pub(super) fn retry<T>(
    nft: &mut Connection,
    mut job: impl FnMut(&mut Connection) -> Result<T, ApplyError>,
) -> Result<T, ApplyError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match job(nft) {
            Err(error) if error.is_stale() && tries < TRIES => {
                tracing::debug!(tries, "somebody else committed in between");
                sleep(PAUSE * tries);
            }
            other => return other,
        }
    }
}
