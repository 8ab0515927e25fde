//! STATUS: tries an ADD in a namespace made for it.

use tracing::subscriber::{NoSubscriber, with_default};

use crate::apply::{ApplyOptions, HostRule, LiveConnections, OtherMeshes, Target, apply};
use crate::net::netns::Netns;
use crate::policy::{CapturePolicy, Dns, NameServers};

use super::error::CniError;
use super::reply::Reply;
use super::request::Config;
use super::{daemon, place};

/// 51, existing pods with limited connectivity, is never the answer: their rules are in the kernel
/// and need nothing of this program.
pub(super) fn run(config: &Config) -> Result<Reply, CniError> {
    let tried = daemon::reach(config.daemon.as_deref()).and_then(|()| attempt(&config.policy));
    match tried {
        Ok(()) => Ok(Reply::Nothing),
        Err(error) => Err(CniError::Unavailable { source: Box::new(error) }),
    }
}

fn attempt(policy: &CapturePolicy) -> Result<(), CniError> {
    let wrong = |source| CniError::Netns { source };
    let netns = Netns::anonymous().map_err(wrong)?;
    let mut policy = policy.clone();
    // Which servers a pod has is known when there is one.
    if policy.dns == Dns::Listed(NameServers::ResolvConf) {
        policy.dns = Dns::All;
    }
    let target = Target::entered(netns, HostRule::Refuse).map_err(wrong)?;
    place::set_lo_up(&target)?;
    let options = ApplyOptions {
        source: "cni STATUS".to_owned(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    // Runtimes ask again and again: that a try worked is no news.
    with_default(NoSubscriber::new(), || apply(&target, &policy, &options))
        .map(|_| ())
        .map_err(|source| CniError::Apply { source })
}
