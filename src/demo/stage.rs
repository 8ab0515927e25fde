//! What a demo is set up with: the way of capture that it shows, and how the proxy is told apart.

use std::path::PathBuf;

use serde::Serialize;

use crate::net::userns::{enter_own, is_privileged};

use super::scene::Caller;
use super::story::StoryError;
use super::{AppSource, Cgroup, Member, ProxyOptions, User};

/// The mark of a proxy that has no user of its own. It shares no bit with TPROXY's marks.
const PROXY_MARK: u32 = 0x10000;
/// The default mark of packets that TPROXY steers.
const STEERING_MARK: u32 = 1337;

/// The way of capture that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Variant {
    /// Redirected, both ways.
    Redirect,
    /// Incoming connections are steered by TPROXY, and the app sees its client's own address.
    Tproxy,
    /// Questions to name servers go to the proxy too.
    Dns,
    /// The proxy is told apart by its cgroup.
    Cgroup,
}

/// Whose rights the demo has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Rights {
    /// Enough to make network namespaces and to act as any user.
    Full,
    /// Those of root in a user namespace made for the demo, where there is one user only.
    UserNamespace,
}

/// A demo that can be told. Dropping it removes its cgroup, if it has one; a kill leaves that one
/// behind, empty.
#[derive(Debug)]
pub struct Stage {
    /// What it shows, and with whom.
    pub cast: Cast,
    _cgroup: Option<Cgroup>,
}

/// What a demo shows, and with whom.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The way of capture.
    pub variant: Variant,
    /// The rights that it has.
    pub rights: Rights,
    proxy: Identity,
}

/// How rules tell the proxy from the app.
#[derive(Clone, Debug)]
enum Identity {
    User,
    Mark,
    Cgroup { directory: PathBuf, path: String },
}

impl Stage {
    /// Prepares a demo of `variant`. A process that lacks privileges goes to a user namespace of
    /// its own for good; it must have no other threads.
    ///
    /// # Errors
    /// There is no cgroup to be had, or no user namespace where one is needed.
    pub fn new(variant: Variant) -> Result<Self, StoryError> {
        // Before the user namespace: in there the cgroup would be somebody else's.
        let cgroup = match variant {
            Variant::Cgroup => {
                Some(Cgroup::below_own(&format!("nftdivert-demo-{}", std::process::id()))?)
            }
            Variant::Redirect | Variant::Tproxy | Variant::Dns => None,
        };
        let rights = if is_privileged()? { Rights::Full } else { Rights::UserNamespace };
        if rights == Rights::UserNamespace {
            enter_own()?;
        }
        let proxy = match (&cgroup, rights) {
            (Some(cgroup), _) => Identity::Cgroup {
                directory: cgroup.directory().to_owned(),
                path: cgroup.path().to_owned(),
            },
            (None, Rights::Full) => Identity::User,
            (None, Rights::UserNamespace) => Identity::Mark,
        };
        Ok(Self { cast: Cast { variant, rights, proxy }, _cgroup: cgroup })
    }
}

impl Cast {
    /// The policy that is applied.
    #[must_use]
    pub fn policy(&self) -> String {
        let proxy = match &self.proxy {
            Identity::User => String::new(),
            Identity::Mark => {
                format!("proxy: {{uids: [], gids: [], mark: {PROXY_MARK:#x}/{PROXY_MARK:#x}}}\n")
            }
            Identity::Cgroup { path, .. } => {
                format!("proxy: {{uids: [], gids: [], cgroup: {path:?}}}\n")
            }
        };
        let way = match self.variant {
            Variant::Redirect | Variant::Cgroup => "",
            Variant::Tproxy => "inbound: {mode: tproxy}\n",
            Variant::Dns => "dns: {capture: all}\n",
        };
        format!(
            "apiVersion: nftdivert/v1\nkind: CapturePolicy\n{proxy}{way}\
             outbound:\n  excludeRanges: [198.51.100.0/24, 2001:db8:1::/48]\n"
        )
    }

    /// Whose the sockets of `caller` are.
    pub(super) fn member(&self, caller: Caller) -> Member {
        let app = match self.rights {
            Rights::Full => User::APP,
            Rights::UserNamespace => User::ROOT,
        };
        match (caller, &self.proxy) {
            (Caller::App | Caller::Client, _) => app.into(),
            (Caller::Proxy, Identity::User) => User::PROXY.into(),
            (Caller::Proxy, Identity::Mark) => app.marked(PROXY_MARK),
            (Caller::Proxy, Identity::Cgroup { directory, .. }) => app.in_cgroup(directory),
        }
    }

    /// How the proxy is set up.
    pub(super) fn proxy(&self) -> ProxyOptions {
        let member = self.member(Caller::Proxy);
        let plain = ProxyOptions { member, ..ProxyOptions::default() };
        match self.variant {
            Variant::Redirect | Variant::Dns | Variant::Cgroup => plain,
            Variant::Tproxy => {
                let app_source = AppSource::Client { mark: STEERING_MARK };
                ProxyOptions { transparent: true, app_source, ..plain }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::CapturePolicy;

    use super::*;

    #[test]
    fn every_policy_is_one() {
        let group = ("/tmp".into(), "/user.slice/a demo".to_owned());
        let cgroup = Identity::Cgroup { directory: group.0, path: group.1 };
        for proxy in [Identity::User, Identity::Mark, cgroup] {
            for variant in [Variant::Redirect, Variant::Tproxy, Variant::Dns, Variant::Cgroup] {
                let rights = Rights::Full;
                let text = Cast { variant, rights, proxy: proxy.clone() }.policy();
                CapturePolicy::from_yaml(&text).unwrap();
            }
        }
    }
}
