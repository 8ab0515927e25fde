//! What the demo shows: capture applied in a pod made for it, and connections of every kind.

use std::net::SocketAddr;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::apply::{
    ApplyError, ApplyOptions, Captured, HostRule, LiveConnections, OtherMeshes, RemoveOptions,
    Target, apply, remove,
};
use crate::net::userns::UsernsError;
use crate::policy::{CapturePolicy, PolicyError};
use crate::verify::verify;

use super::bed::{WORLD_V4, WORLD_V6};
use super::dns::DNS_PORT;
use super::scene::{APP_PORT, EXCLUDED_PORT, Scene, WORLD_PORT, scenes};
use super::stage::{Cast, Rights, Stage, Variant};
use super::step::Heard;
use super::{Bed, BedOptions, DemoError, EchoServer, Ipv6Support, NameServer, NameServerOptions};
use super::{Proxy, Query, User, as_user, connect};

pub use super::scene::{Caller, Family, Way};
pub use super::step::{Hop, Step};

/// For the whole demo, which takes a twentieth of it.
const LIMIT: Duration = Duration::from_millis(1900);
/// For all connections of a family together.
const LIMIT_OF_FAMILY: Duration = Duration::from_millis(1200);
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

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

fn play(bed: &Bed, cast: &Cast, ipv6: Ipv6Support) -> Result<Vec<Step>, DemoError> {
    let all = |port| {
        let v4 = SocketAddr::from(([0, 0, 0, 0], port));
        let v6 = (ipv6 == Ipv6Support::On).then(|| SocketAddr::from(([0u16; 8], port)));
        [v4].into_iter().chain(v6).collect::<Vec<_>>()
    };
    let proxy = Proxy::start(&bed.pod, cast.proxy())?;
    let ports = [all(APP_PORT), all(EXCLUDED_PORT)].concat();
    let _app = EchoServer::start(&bed.pod, cast.member(Caller::App), "app", &ports)?;
    let _world = EchoServer::start(&bed.peer, User::ROOT, "world", &all(WORLD_PORT))?;
    let _names = match cast.variant {
        Variant::Dns => name_servers(bed, cast, ipv6)?,
        Variant::Redirect | Variant::Tproxy | Variant::Cgroup => Vec::new(),
    };
    play_families(&Play { bed, cast, proxy: &proxy }, ipv6)
}

/// The world's, and one of the proxy's for each family, which asks the world's.
fn name_servers(bed: &Bed, cast: &Cast, ipv6: Ipv6Support) -> Result<Vec<NameServer>, DemoError> {
    let mut servers = vec![NameServer::start(&bed.peer, NameServerOptions::of_world(ipv6))?];
    let plain = NameServerOptions::of_proxy(ipv6);
    for address in &plain.addresses {
        let upstream = match address {
            SocketAddr::V4(_) => SocketAddr::from((WORLD_V4, DNS_PORT)),
            SocketAddr::V6(_) => SocketAddr::from((WORLD_V6, DNS_PORT)),
        };
        let options = NameServerOptions {
            member: cast.member(Caller::Proxy),
            addresses: vec![*address],
            upstream: Some(upstream),
            ..plain.clone()
        };
        servers.push(NameServer::start(&bed.pod, options)?);
    }
    Ok(servers)
}

/// What all connections share.
struct Play<'a> {
    bed: &'a Bed,
    cast: &'a Cast,
    proxy: &'a Proxy,
}

/// The families at the same time, so that they share the limit.
fn play_families(play: &Play<'_>, ipv6: Ipv6Support) -> Result<Vec<Step>, DemoError> {
    let families = match ipv6 {
        Ipv6Support::On => &[Family::Ipv4, Family::Ipv6][..],
        Ipv6Support::Off => &[Family::Ipv4],
    };
    scope(|threads| {
        let start = |&family| {
            let name = "demo-family".to_owned();
            let job = move || play_family(play, family);
            Builder::new().name(name).spawn_scoped(threads, job)
        };
        let started: Vec<_> = families.iter().map(start).collect();
        let mut steps = Vec::new();
        for thread in started {
            let thread = thread.map_err(DemoError::io("start", "the connections"))?;
            let ended = || DemoError::Ended { name: "the connections".to_owned() };
            steps.extend(thread.join().map_err(|_| ended())?);
        }
        Ok(steps)
    })
}

/// One after the other, each with its share of the time that is left.
fn play_family(play: &Play<'_>, family: Family) -> Vec<Step> {
    let end = Instant::now() + LIMIT_OF_FAMILY;
    let scenes = scenes(family, play.cast.variant);
    let countdown = (1..=scenes.len()).rev();
    let step = |(scene, left): (Scene, usize)| {
        let rest = end.saturating_duration_since(Instant::now());
        let share = rest.as_millis() / (left as u128);
        let share = Duration::from_millis(u64::try_from(share).unwrap_or(u64::MAX));
        step(play, scene, share.max(SHORTEST_WAIT))
    };
    scenes.into_iter().zip(countdown).map(step).collect()
}

fn step(play: &Play<'_>, scene: Scene, limit: Duration) -> Step {
    let place = if scene.caller == Caller::Client { &play.bed.peer } else { &play.bed.pod };
    let member = play.cast.member(scene.caller);
    if let Some(transport) = scene.question {
        let answer = Query::new(member, scene.to, transport).within(limit).ask(place);
        return Step::new(scene, play.cast.variant, Heard::of_question(answer));
    }
    // The other family calls at the same time.
    let seen = || {
        let is_ours = |original: &SocketAddr| original.is_ipv4() == scene.to.is_ipv4();
        play.proxy.seen().into_iter().filter(move |seen| is_ours(&seen.original))
    };
    let before = seen().count();
    let answer = connect(place, member, scene.to, limit);
    let first = seen().nth(before);
    Step::new(scene, play.cast.variant, Heard::of_connection(answer, first.as_ref()))
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
