//! GC: forgets containers that are gone. There is nothing to forget.

use super::reply::Reply;
use super::request::Attached;

/// All that an ADD leaves behind is in the pod's network namespace, and goes with it; no file, no
/// address and no rule of the node is a container's. So nothing is ever left to collect, whichever
/// containers are listed.
pub(super) fn run(alive: Option<&[Attached]>) -> Reply {
    match alive {
        Some(alive) => tracing::debug!(alive = alive.len(), "nothing to collect"),
        None => tracing::debug!("no list of attachments: nothing is collected"),
    }
    Reply::Nothing
}
