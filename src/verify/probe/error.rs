//! Why a probe can't begin.

use std::io;
use std::time::Duration;

use nix::errno::Errno;

use crate::net::resolv::ResolvError;
use crate::plan::PlanError;
use crate::words::Port;

/// Why a probe can't begin.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The probe's own port is one of the proxy's.
    #[error("the probe's port {0} is one of the proxy's ports in this policy; give another")]
    PortOfProxy(Port),
    /// There is no time for anything.
    #[error("the probe can do nothing within {0:?}; give it more time")]
    NoTime(Duration),
    /// The policy can't be planned.
    #[error("the policy can't be planned here: {0}")]
    Plan(#[from] PlanError),
    /// The policy captures queries to the pod's name servers, and these are not known.
    #[error(transparent)]
    NameServers(#[from] ResolvError),
    /// The pod's addresses are not known.
    #[error("can't list the addresses of this namespace: {0}")]
    Addresses(Errno),
    /// The user of this process can't be a user of rules.
    #[error("this process has a user or group that no rule can name")]
    NoUser,
    /// The system gives no means to wait for sockets.
    #[error("can't wait for sockets: {0}")]
    Runtime(io::Error),
}

impl ProbeError {
    /// Whether what was asked for is wrong, rather than the place.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::PortOfProxy(_) | Self::NoTime(_) => true,
            Self::Plan(_)
            | Self::NameServers(_)
            | Self::Addresses(_)
            | Self::NoUser
            | Self::Runtime(_) => false,
        }
    }
}
