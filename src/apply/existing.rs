//! What becomes of connections that lived before capture.

use std::collections::BTreeSet;

use crate::net::sockets::{self, LiveSocket};
use crate::netlink::{Connection, Family, NetlinkError};
use crate::plan::UntrackedTcp;
use crate::policy::{CapturePolicy, Existing};

use super::error::ApplyError;
use super::observe::{Observed, captures};
use super::put::LiveConnections;
use super::undo::Undo;

/// Refuses to drop the packets of connections that nobody allowed to break.
pub(super) fn check_dropped(
    policy: &CapturePolicy,
    observed: &Observed,
    live: LiveConnections,
) -> Result<(), ApplyError> {
    let is_allowed = live == LiveConnections::Break || policy.existing == Existing::Reset;
    if !policy.inbound.drop_invalid || is_allowed || !may_be_untracked(observed) {
        return Ok(());
    }
    match sockets::live_tcp()? {
        0 => Ok(()),
        count => Err(ApplyError::DropsLive { count }),
    }
}

/// A sysctl that was written down says that connections lived when capture began.
fn may_be_untracked(observed: &Observed) -> bool {
    let record = observed.ours.as_ref().and_then(|ours| ours.record.as_ref());
    let is_noted = |undo: &Undo| matches!(undo, Undo::TcpLoose(_));
    observed.facts.untracked_tcp == UntrackedTcp::Some
        || record.is_some_and(|record| record.undo.iter().any(is_noted))
}

/// Connections that are to be reset once capture is in force.
pub(super) struct Reset {
    sockets: Connection,
    proxy: BTreeSet<u32>,
}

impl Reset {
    /// Gets ready, before anything is changed; `None` where nothing lives that could be reset.
    pub(super) fn prepare(
        policy: &CapturePolicy,
        observed: &Observed,
    ) -> Result<Option<Self>, ApplyError> {
        let is_captured = observed.ours.as_ref().is_some_and(|ours| captures(&ours.ruleset));
        if policy.existing == Existing::Keep
            || is_captured
            || observed.facts.untracked_tcp == UntrackedTcp::None
        {
            return Ok(None);
        }
        let mut sockets = Connection::open(Family::SockDiag)?;
        if !sockets::can_destroy(&mut sockets)? {
            return Err(ApplyError::CannotReset);
        }
        let uids = policy.proxy.identity.marks().uids.iter();
        let proxy = uids.filter_map(|uid| observed.facts.ids.uids.outside(uid.get())).collect();
        Ok(Some(Self { sockets, proxy }))
    }

    /// Resets them; says how many.
    pub(super) fn carry_out(mut self) -> Result<String, ApplyError> {
        let count = self.destroy().map_err(|source| ApplyError::NotReset { source })?;
        Ok(format!("connections that lived before and were reset: {count}"))
    }

    fn destroy(&mut self) -> Result<usize, NetlinkError> {
        let mut count = 0;
        for socket in sockets::live(&mut self.sockets)? {
            if self.is_to_be_reset(&socket) {
                let fate = sockets::destroy(&mut self.sockets, &socket)?;
                count += usize::from(fate == sockets::Destroyed::Yes);
            }
        }
        Ok(count)
    }

    /// The proxy's own, and what stays inside the namespace, would not be captured.
    fn is_to_be_reset(&self, socket: &LiveSocket) -> bool {
        let stays_inside =
            socket.remote.ip().is_loopback() || socket.remote.ip() == socket.local.ip();
        !stays_inside && !self.proxy.contains(&socket.uid)
    }
}
