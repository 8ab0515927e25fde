//! A pod with two proxies, clients that never rest, and captured conversations that go on.

use std::fs;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use nftdivert::demo::{Conversation, Dial, Proxy, ProxyOptions};
use nftdivert::net::netns::Netns;
use nftdivert_integration::fixture::Fixture;
use nftdivert_integration::knock::{Tally, Way, knock, ways};

/// All of them capture all that the clients do.
pub(crate) const POLICIES: [&str; 8] = [
    "",
    "counters: on\noutbound: {excludePorts: [22, 25, 110, 143, 993, 995]}",
    "outbound: {excludeRanges: [198.51.100.0/24, '2001:db8:1::/48']}",
    "proxy: {ports: {outbound: 15011, inbound: 15016}}",
    "inbound: {ports: [80, 443, 8000-8999]}\noutbound: {ranges: [192.0.2.0/24, '2001:db8::/32']}",
    "outbound: {ranges: [], includePorts: [80, 443, 8443, 9000-9100]}",
    "counters: on\nproxy: {ports: {outbound: 15011, inbound: 15016}}\n\
     outbound: {excludeRanges: [198.51.100.0/25, 203.0.113.0/24, '2001:db8:2::/48']}",
    "outbound: {excludePorts: [22, 25, 110, 143, 993, 994, 6000-6100]}\n\
     inbound: {excludePorts: [15020, 15021, 15090, 22, 9090, 9091]}",
];

/// So that hundreds of thousands of short connections find a port and a conntrack entry.
const SETTINGS: [(&str, &str); 4] = [
    ("ipv4/ip_local_port_range", "20000 65535"),
    ("ipv4/tcp_tw_reuse", "1"),
    ("netfilter/nf_conntrack_tcp_timeout_time_wait", "1"),
    ("netfilter/nf_conntrack_tcp_timeout_close", "1"),
];

const BETWEEN_ECHOES: Duration = Duration::from_millis(2);

/// What the clients found.
pub(crate) struct Found {
    pub(crate) tally: Tally,
    pub(crate) echoes: usize,
    /// Captured connections that were cut, and why.
    pub(crate) cut: Vec<String>,
    /// What both proxies saw.
    pub(crate) seen: usize,
}

/// Runs `work` while one client each way connects and one captured conversation each way goes on.
///
/// Whoever writes to the lock that `work` is given keeps all clients from connecting meanwhile.
pub(crate) fn under_load(work: impl FnOnce(&Fixture, &RwLock<()>, &Tally)) -> Found {
    let fixture = Fixture::new("");
    let ports = ProxyOptions { outbound_port: 15011, inbound_port: 15016, ..Default::default() };
    let other = Proxy::start(&fixture.bed.pod, ports).unwrap();
    equip(&fixture.bed.pod);
    equip(&fixture.bed.peer);
    let (stop, gate) = (AtomicBool::new(false), RwLock::new(()));
    let (tally, echoes) = (Tally::default(), AtomicUsize::new(0));
    let talks = ways().map(|way| (way, talk(&fixture, way)));
    let go = &|| (!stop.load(Ordering::Relaxed)).then(|| gate.read().unwrap());
    let cut = scope(|threads| {
        let speakers = talks.map(|(way, talk)| {
            let (stop, echoes) = (&stop, &echoes);
            threads.spawn(move || speak(way, talk, stop, echoes))
        });
        for way in ways() {
            let (bed, tally) = (&fixture.bed, &tally);
            threads.spawn(move || knock(bed, way, tally, go));
        }
        // A panic must not leave the clients running: the scope waits for them.
        let _ender = Ender(&stop);
        work(&fixture, &gate, &tally);
        stop.store(true, Ordering::Relaxed);
        speakers.into_iter().filter_map(|speaker| speaker.join().unwrap().err()).collect()
    });
    let seen = fixture.proxy.seen().len() + other.seen().len();
    Found { tally, echoes: echoes.into_inner(), cut, seen }
}

struct Ender<'a>(&'a AtomicBool);

impl Drop for Ender<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn equip(place: &Netns) {
    for (name, value) in SETTINGS {
        place.run(|| fs::write(format!("/proc/sys/net/{name}"), value)).unwrap().unwrap();
    }
}

/// A captured conversation.
fn talk(fixture: &Fixture, way: Way) -> Conversation {
    let (place, user) = way.client(&fixture.bed);
    let talk = Dial::new(user, way.to).open(place).unwrap();
    assert_ne!(talk.answer.peer, talk.local().unwrap(), "{way:?} is not captured");
    talk
}

fn speak(
    way: Way,
    mut talk: Conversation,
    stop: &AtomicBool,
    echoes: &AtomicUsize,
) -> Result<(), String> {
    while !stop.load(Ordering::Relaxed) {
        talk.echo(b"still here").map_err(|error| format!("{way:?}: {error}"))?;
        echoes.fetch_add(1, Ordering::Relaxed);
        // The processors are for the clients.
        sleep(BETWEEN_ECHOES);
    }
    Ok(())
}
