//! The pod's network namespace, and the proof that it is not the plugin's own.

use std::path::Path;

use crate::apply::{ApplyError, HostRule, Inside, Target};
use crate::net::address;
use crate::net::netns::Netns;
use crate::netlink::{Connection, Family};

use super::error::CniError;
use super::request::OwnNamespace;

/// Goes into the namespace with the calling thread, for good: a plugin does one thing and ends. Nothing
/// is touched there.
///
/// # Errors
/// There is none at the path, or it is the plugin's own and nobody said that it is meant.
pub(super) fn enter(path: &Path, own: OwnNamespace) -> Result<Target, CniError> {
    let netns = Netns::at(path).map_err(wrong)?;
    let is_own = netns.id() == Netns::current().map_err(wrong)?.id();
    if is_own && own == OwnNamespace::Refuse {
        return Err(CniError::OwnNamespace { path: path.to_owned() });
    }
    let is_host = is_own && netns.is_initial().map_err(wrong)?;
    let rule = if is_host { HostRule::Require } else { HostRule::Refuse };
    Target::entered(netns, rule).map_err(wrong)
}

/// Sets `lo` up. Runtimes do that too, but containerd at the same time as it adds the other networks,
/// and the routes of the TPROXY modes take a `lo` that is up.
///
/// # Errors
/// The kernel refused.
pub(super) fn set_lo_up(target: &Target) -> Result<(), CniError> {
    let set_up = |_: &Inside| {
        let up =
            Connection::open(Family::Route).and_then(|mut route| address::set_lo_up(&mut route));
        up.map_err(ApplyError::from)
    };
    target.run(set_up).map_err(|source| CniError::Apply { source })
}

fn wrong(source: crate::net::netns::NetnsError) -> CniError {
    CniError::Netns { source }
}
