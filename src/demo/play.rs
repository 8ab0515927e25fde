//! The connections of the demo are made: servers, the proxy, and both families at the same time.

use std::net::SocketAddr;
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use super::bed::{WORLD_V4, WORLD_V6};
use super::dns::DNS_PORT;
use super::scene::{APP_PORT, Caller, EXCLUDED_PORT, Family, Scene, WORLD_PORT, scenes};
use super::stage::{Cast, Variant};
use super::step::{Heard, Step};
use super::{Bed, DemoError, EchoServer, Ipv6Support, NameServer, NameServerOptions};
use super::{Proxy, Query, User, connect};

/// For all connections of a family together.
const LIMIT_OF_FAMILY: Duration = Duration::from_millis(1200);
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// Starts proxy, app and world, and makes all connections.
pub(super) fn play(bed: &Bed, cast: &Cast, ipv6: Ipv6Support) -> Result<Vec<Step>, DemoError> {
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
