//! The pod's network namespace, and the proof that it is not the plugin's own.

use std::path::Path;

use crate::apply::{HostRule, Target};
use crate::net::netns::Netns;

use super::error::CniError;
use super::request::OwnNamespace;

/// Opens the namespace; nothing in it is touched.
///
/// # Errors
/// There is none at the path, or it is the plugin's own and nobody said that it is meant.
pub(super) fn open(path: &Path, own: OwnNamespace) -> Result<Target, CniError> {
    let netns = Netns::at(path).map_err(wrong)?;
    let is_own = netns.id() == Netns::current().map_err(wrong)?.id();
    if is_own && own == OwnNamespace::Refuse {
        return Err(CniError::OwnNamespace { path: path.to_owned() });
    }
    let is_host = is_own && netns.is_initial().map_err(wrong)?;
    let rule = if is_host { HostRule::Require } else { HostRule::Refuse };
    Ok(Target::other(netns, rule))
}

fn wrong(source: crate::net::netns::NetnsError) -> CniError {
    CniError::Netns { source }
}
