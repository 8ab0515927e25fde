//! Status: what is applied, since when, by which version, from which policy.

use serde::Serialize;

use crate::netlink::{Connection, Family};
use crate::nft::NftError;

use super::drain::{count_captured, is_draining};
use super::error::ApplyError;
use super::observe::{Ours, read_ours};
use super::target::Target;
use super::undo::Undo;

/// What our table is doing.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// There is no table of ours.
    NotApplied,
    /// The table has rules.
    Applied,
    /// The table has no rules: an apply or a removal was interrupted. Either, run again,
    /// finishes it.
    Interrupted,
    /// Captured connections live on, new ones are not captured.
    Draining,
    /// Somebody switched the table off.
    Dormant,
}

/// What is applied in a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// What the table is doing.
    pub state: State,
    /// When it was applied, RFC 3339.
    pub since: Option<String>,
    /// The version of nftdivert that applied it.
    pub version: Option<String>,
    /// The digest of the policy it was applied from.
    pub policy: Option<String>,
    /// Where that policy came from.
    pub source: Option<String>,
    /// What else was set up, and is taken back on removal.
    pub undo: Vec<String>,
    /// How many rules there are.
    pub rules: usize,
    /// How many captured connections live; none if the kernel can't list connections.
    pub captured_connections: Option<usize>,
}

/// Tells what is applied.
///
/// # Errors
/// The namespace can't be entered, the kernel refused, or the table is not ours.
pub fn status(target: &Target) -> Result<Status, ApplyError> {
    target.run(|_| {
        let mut nft = Connection::open(Family::Netfilter).map_err(NftError::from)?;
        let Some(ours) = read_ours(&mut nft)? else { return Ok(nothing()) };
        let captured = count_captured(&mut nft, &ours).ok();
        Ok(describe(&ours, captured))
    })
}

fn nothing() -> Status {
    Status {
        state: State::NotApplied,
        since: None,
        version: None,
        policy: None,
        source: None,
        undo: Vec::new(),
        rules: 0,
        captured_connections: None,
    }
}

fn describe(ours: &Ours, captured_connections: Option<usize>) -> Status {
    let record = ours.record.as_ref();
    Status {
        state: state(ours),
        since: record.map(|r| humantime::format_rfc3339_seconds(r.since).to_string()),
        version: record.map(|r| r.version.to_string()),
        policy: record.map(|r| r.policy.clone()),
        source: record.map(|r| r.source.clone()),
        undo: record.map(|r| r.undo.iter().map(Undo::to_string).collect()).unwrap_or_default(),
        rules: ours.ruleset.rules().count(),
        captured_connections,
    }
}

fn state(ours: &Ours) -> State {
    if ours.ruleset.flags & 1 != 0 {
        State::Dormant
    } else if is_draining(&ours.ruleset) {
        State::Draining
    } else if ours.ruleset.rules().next().is_none() {
        State::Interrupted
    } else {
        State::Applied
    }
}
