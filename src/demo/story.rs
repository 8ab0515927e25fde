//! What the demo shows: capture applied in a pod made for it, and connections of every kind.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use serde::Serialize;

use crate::apply::{
    ApplyError, ApplyOptions, Captured, HostRule, LiveConnections, OtherMeshes, RemoveOptions,
    Target, apply, remove,
};
use crate::net::userns::UsernsError;
use crate::policy::{CapturePolicy, PolicyError};
use crate::verify::verify;

use super::play::play;
use super::stage::{Cast, Rights, Stage, Variant};
use super::{Bed, BedOptions, DemoError, Ipv6Support, as_user};

pub use super::scene::{Caller, Family, Way};
pub use super::step::{Hop, Step};

/// For the whole demo, which takes a twentieth of it.
const LIMIT: Duration = Duration::from_millis(1900);

/// What the demo showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// The way of capture that it shows.
    pub variant: Variant,
    /// Whose rights it had.
    pub rights: Rights,
    /// How many rules were written.
    pub rules: usize,
    /// Whether new namespaces have IPv6 here; if not, there are no connections of it.
    pub ipv6_available: bool,
    /// The connections.
    pub steps: Vec<Step>,
    /// Whether the rules still held after them.
    pub verified: bool,
    /// Whether nothing of ours was left after removal.
    pub removed: bool,
}

impl Story {
    /// Whether all of it is as it should be.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.verified && self.removed && self.steps.iter().all(Step::is_as_expected)
    }
}

/// Makes the namespaces, applies, connects, verifies, removes: within two seconds, whatever
/// happens. Nothing is left when it returns, nor when it is killed, except that the cgroup of
/// `stage` ends with that.
///
/// # Errors
/// The namespaces can't be made, capture can't be applied, or the time is over; then a thread is
/// left that ends when what it waits for has reached its own limit.
pub fn tell(stage: &Stage) -> Result<Story, StoryError> {
    let cast = stage.cast.clone();
    let (done, outcome) = sync_channel(1);
    let thread = Builder::new().name("demo".to_owned());
    thread
        .spawn(move || drop(done.send(perform(&cast))))
        .map_err(DemoError::io("start", "the demo"))?;
    outcome.recv_timeout(LIMIT).unwrap_or_else(|error| {
        Err(StoryError::Demo(match error {
            RecvTimeoutError::Timeout => DemoError::TimedOut {
                operation: "finish",
                object: "the demo".to_owned(),
                limit: LIMIT,
            },
            RecvTimeoutError::Disconnected => DemoError::Ended { name: "the demo".to_owned() },
        }))
    })
}

fn perform(cast: &Cast) -> Result<Story, StoryError> {
    let ipv6 = Ipv6Support::of_new_namespaces()?;
    let bed = Bed::new(BedOptions { ipv6 })?;
    // Without the right to act as others all connections would fail, each for the same reason.
    as_user(&bed.pod, cast.member(Caller::Proxy), || ())?;
    let target = Target::other(bed.pod.try_clone().map_err(DemoError::from)?, HostRule::Refuse);
    let policy = CapturePolicy::from_yaml(&cast.policy())?;
    let options = ApplyOptions {
        source: "demo".to_owned(),
        live: LiveConnections::Keep,
        others: OtherMeshes::Refuse,
    };
    let applied = apply(&target, &policy, &options)?;
    let steps = play(&bed, cast, ipv6)?;
    let verified = verify(&target, &policy)?.differences.is_empty();
    let options = RemoveOptions { captured: Captured::Cut, progress: &|_| {} };
    let removed = remove(&target, &options)?.was_there && !remove(&target, &options)?.was_there;
    let rules = applied.plan.ruleset.rules().count();
    let (variant, rights) = (cast.variant, cast.rights);
    let ipv6_available = ipv6 == Ipv6Support::On;
    Ok(Story { variant, rights, rules, ipv6_available, steps, verified, removed })
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// The namespaces or what runs in them.
    #[error("{0}{needs}", needs = needs(.0))]
    Demo(#[from] DemoError),
    /// Capture.
    #[error("{0}")]
    Apply(#[from] ApplyError),
    /// The policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The user namespace of a process without privileges.
    #[error(transparent)]
    Userns(#[from] UsernsError),
}

fn needs(error: &DemoError) -> &'static str {
    match error.is_refused() {
        true => {
            "; the demo needs CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_SETUID and CAP_SETGID, which \
             root has"
        }
        false => "",
    }
}
