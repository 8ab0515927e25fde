//! The bed with a second interface, the rules, and a table of the suite's own that notes in sets
//! what the hooks see of each packet at last.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;

use nftdivert::demo::{Bed, BedOptions};
use nftdivert::netlink::{Connection, Family};
use nftdivert::nft::read_table;
use nftdivert::plan::TABLE;
use nftdivert::policy::{CapturePolicy, InboundMode};
use nftdivert::ruleset::{Ruleset, ruleset_text};
use nftdivert_integration::fixture::WIDE_WORLD;
use nftdivert_integration::shell::{ip, nft, program};

use crate::fate::{End, Fate, Seen};
use crate::packets::{Drawn, Draws};
use crate::send::{packet, transparent_listener};

/// First packets are noted at the end of the last hook that they meet, resets anywhere.
const NOTES: &str = r#"
table inet notes {
    set left { type inet_proto . inet_service . inet_service . mark; size 65535; flags dynamic; }
    set came { type inet_proto . inet_service . inet_service . mark; size 65535; flags dynamic; }
    set rewritten { type inet_proto . inet_service; size 65535; flags dynamic; }
    set handed { type inet_proto . inet_service; size 65535; flags dynamic; }
    set untracked { type inet_proto . inet_service; size 65535; flags dynamic; }
    set zoned { type inet_proto . inet_service; size 65535; flags dynamic; }
    set resets { type inet_proto . inet_service; size 65535; flags dynamic; }
    chain facts {
        ct status dnat add @rewritten { meta l4proto . th sport }
        ct state untracked add @untracked { meta l4proto . th sport }
        ct zone 53 add @zoned { meta l4proto . th sport }
    }
    chain left_pod {
        add @left { meta l4proto . th sport . th dport . meta mark }
        goto facts
    }
    chain came_in {
        add @came { meta l4proto . th sport . th dport . meta mark }
        socket transparent 1 add @handed { meta l4proto . th sport }
        goto facts
    }
    chain postrouting {
        type filter hook postrouting priority 300; policy accept;
        tcp flags & rst == rst add @resets { meta l4proto . th dport }
        oif "lo" accept
        tcp flags & (syn | ack | rst) == syn goto left_pod
        meta l4proto udp goto left_pod
    }
    chain input {
        type filter hook input priority 300; policy accept;
        tcp flags & (syn | ack | rst) == syn goto came_in
        meta l4proto udp goto came_in
    }
}
"#;

/// The peer answers nothing.
const SILENCE: &str = "table inet silence { chain input { \
    type filter hook prerouting priority -300; policy accept; meta l4proto { tcp, udp } drop\n}\n}\n";

/// Ports of senders: one for each packet, until a long time has passed.
const SENDERS: std::ops::Range<u16> = 20_000..60_000;

/// The bed, and what was counted in it.
pub struct World {
    bed: Bed,
    next: Cell<u16>,
    sent: Cell<usize>,
    ends: RefCell<BTreeMap<&'static str, usize>>,
    listeners: RefCell<Vec<OwnedFd>>,
}

impl World {
    pub fn new() -> Self {
        let bed = Bed::new(BedOptions::default()).unwrap();
        for range in WIDE_WORLD {
            ip(&bed.peer, &format!("route add local {range} dev lo"));
        }
        ip(&bed.peer, "address add fd99::7/128 dev lo nodad");
        second_interface(&bed);
        ip(&bed.pod, "address add ::6/128 dev lo nodad");
        nft(&bed.peer, SILENCE);
        bed.pod
            .run(|| {
                for name in ["all", "eth0", "virt0"] {
                    let path = format!("/proc/sys/net/ipv4/conf/{name}/rp_filter");
                    std::fs::write(path, "0").unwrap();
                }
            })
            .unwrap();
        Self {
            bed,
            next: Cell::new(SENDERS.start),
            sent: Cell::default(),
            ends: RefCell::default(),
            listeners: RefCell::default(),
        }
    }

    /// The packets that the draws make, each with a port of its own.
    pub fn resolve(&self, policy: &CapturePolicy, draws: &[Draws]) -> Vec<Drawn> {
        let one = |draws: &Draws| {
            let sport = self.next.get();
            self.next.set(if sport + 1 == SENDERS.end { SENDERS.start } else { sport + 1 });
            Drawn::of(draws, policy, sport)
        };
        draws.iter().map(one).collect()
    }

    /// Puts the rules in place of those before, without connections, and gives them as the kernel
    /// has them.
    pub fn put(&self, ruleset: &Ruleset, policy: &CapturePolicy) -> Ruleset {
        let pod = &self.bed.pod;
        nft(pod, &format!("flush ruleset\n{}{NOTES}", ruleset_text(ruleset)));
        program(pod, &["conntrack", "-F"], "");
        self.listeners.borrow_mut().clear();
        if policy.inbound.mode != InboundMode::Redirect {
            let port = policy.proxy.ports.inbound.get();
            let any = [(Ipv4Addr::UNSPECIFIED, port).into(), (Ipv6Addr::UNSPECIFIED, port).into()];
            let listeners = pod.run(|| any.map(transparent_listener)).unwrap();
            self.listeners.borrow_mut().extend(listeners);
        }
        self.read(TABLE)
    }

    fn read(&self, table: &str) -> Ruleset {
        let read = || read_table(&mut Connection::open(Family::Netfilter).unwrap(), table);
        self.bed.pod.run(read).unwrap().unwrap().unwrap().ruleset
    }

    /// Sends them all.
    pub fn send(&self, packets: &[Drawn]) {
        for (place, is_out) in [(&self.bed.pod, true), (&self.bed.peer, false)] {
            let own = packets.iter().filter(|drawn| drawn.is_out == is_out);
            let own: Vec<&Drawn> = own.collect();
            let sockets = place.run(|| own.iter().map(|drawn| packet(drawn)).collect::<Vec<_>>());
            drop(sockets.unwrap());
        }
    }

    /// What the hooks noted.
    pub fn seen(&self) -> Seen {
        Seen::of(&self.read("notes"))
    }

    /// Counts a packet whose fate was foretold.
    pub fn count(&self, fate: &Fate) {
        let end = match fate {
            Fate { handed: true, .. } => "handed over",
            Fate { redirected: true, .. } => "redirected",
            Fate { end: End::Left, .. } => "left",
            Fate { end: End::Came(_), .. } => "came",
            Fate { end: End::Refused, .. } => "refused",
            Fate { end: End::Gone, .. } => "gone",
        };
        *self.ends.borrow_mut().entry(end).or_default() += 1;
        self.sent.set(self.sent.get() + 1);
    }

    /// How many were counted, in all and by their end.
    pub fn tally(&self) -> (usize, BTreeMap<&'static str, usize>) {
        (self.sent.get(), self.ends.borrow().clone())
    }
}

fn second_interface(bed: &Bed) {
    use std::os::fd::{AsFd, AsRawFd};
    let far = format!("/proc/{}/fd/{}", std::process::id(), bed.peer.as_fd().as_raw_fd());
    ip(&bed.pod, &format!("link add virt0 type veth peer name virt0 netns {far}"));
    for (place, host) in [(&bed.pod, 2), (&bed.peer, 1)] {
        ip(place, "link set virt0 up");
        ip(place, &format!("address add 10.99.0.{host}/24 dev virt0"));
        ip(place, &format!("address add fd89::{host}/64 dev virt0 nodad"));
    }
}
