//! What a user may require to be proven.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::check::Check;
use crate::words::IpFamily;

/// A part of capture that can be proven from inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// What leaves the pod.
    Outbound(IpFamily),
    /// Name queries, over UDP and TCP.
    Dns(IpFamily),
    /// Calls of the proxy to its own pod.
    SelfCall(IpFamily),
}

impl Aspect {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Outbound(IpFamily::V4),
        Self::Outbound(IpFamily::V6),
        Self::Dns(IpFamily::V4),
        Self::Dns(IpFamily::V6),
        Self::SelfCall(IpFamily::V4),
        Self::SelfCall(IpFamily::V6),
    ];

    /// Whether the check finds out something of it.
    pub(super) fn covers(self, check: Check) -> bool {
        match check {
            Check::Outbound(family) => self == Self::Outbound(family),
            Check::Dns(family, _) => self == Self::Dns(family),
            Check::SelfCall(family) => self == Self::SelfCall(family),
            Check::OwnAddress(_) | Check::Loopback(_) | Check::Passthrough(_) | Check::Inbound => {
                false
            }
        }
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, family) = match self {
            Self::Outbound(family) => ("outbound", family),
            Self::Dns(family) => ("dns", family),
            Self::SelfCall(family) => ("self-call", family),
        };
        let family = match family {
            IpFamily::V4 => "ipv4",
            IpFamily::V6 => "ipv6",
        };
        write!(f, "{what}-{family}")
    }
}

impl FromStr for Aspect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = || Self::ALL.map(|aspect| aspect.to_string()).join(", ");
        let found = Self::ALL.into_iter().find(|aspect| aspect.to_string() == text);
        found.ok_or_else(|| format!("must be one of {}", all()))
    }
}

impl Serialize for Aspect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
